;; Gathers the noted values of a column. A note is where a value begins, and its length, which is below zero where there is
;; none. Reads and writes up to sixteen bytes behind a value. The module in gather-module.ts is made of it, which a test proves.
(module
  (import "work" "memory" (memory 1 65536 shared))
  ;; Writes the values one after another, and the length of each into a list. Sets a bit for each row that has a value. Writes
  ;; at $counts how many there are, how many have bytes that are not ASCII, how many begin within a character, and the
  ;; length of the longest.
  (func (export "gather")
    (param $note i32) (param $stride i32) (param $rows i32) (param $to i32) (param $bits i32) (param $lengths i32)
    (param $counts i32) (result i32)
    (local $row i32) (local $from i32) (local $rest i32) (local $stop i32) (local $first i32) (local $most i32)
    (local $other i32) (local $split i32) (local $x v128) (local $seen v128)
    (local.set $first (local.get $lengths))
    (block $done (loop $each
      (br_if $done (i32.ge_u (local.get $row) (local.get $rows)))
      (local.set $rest (i32.load offset=4 (local.get $note)))
      (if (i32.ge_s (local.get $rest) (i32.const 0)) (then
        (local.set $from (i32.add (local.get $bits) (i32.shr_u (local.get $row) (i32.const 3))))
        (i32.store8 (local.get $from) (i32.or
          (i32.load8_u (local.get $from))
          (i32.shl (i32.const 1) (i32.and (local.get $row) (i32.const 7)))))
        (i32.store (local.get $lengths) (local.get $rest))
        (local.set $lengths (i32.add (local.get $lengths) (i32.const 4)))
        (local.set $most (select (local.get $rest) (local.get $most) (i32.gt_s (local.get $rest) (local.get $most))))
        (local.set $from (i32.load (local.get $note)))
        (local.set $stop (i32.add (local.get $to) (local.get $rest)))
        (local.set $seen (v128.const i64x2 0 0))
        (block $short (loop $copy
          (local.set $x (v128.load align=1 (local.get $from)))
          (v128.store align=1 (local.get $to) (local.get $x))
          (br_if $short (i32.le_u (local.get $rest) (i32.const 16)))
          (local.set $seen (v128.or (local.get $seen) (local.get $x)))
          (local.set $from (i32.add (local.get $from) (i32.const 16)))
          (local.set $to (i32.add (local.get $to) (i32.const 16)))
          (local.set $rest (i32.sub (local.get $rest) (i32.const 16)))
          (br $copy)))
        (local.set $to (local.get $stop))
        (if (i32.or
            (i8x16.bitmask (local.get $seen))
            (i32.and
              (i8x16.bitmask (local.get $x))
              (i32.sub (i32.shl (i32.const 1) (local.get $rest)) (i32.const 1)))) (then
          (local.set $other (i32.add (local.get $other) (i32.const 1)))
          ;; A byte of 10xxxxxx begins no character.
          (local.set $split (i32.add (local.get $split) (i32.eq (i32.const 0x80)
            (i32.and (i32.const 0xc0) (i32.load8_u (i32.load (local.get $note)))))))))))
      (local.set $note (i32.add (local.get $note) (local.get $stride)))
      (local.set $row (i32.add (local.get $row) (i32.const 1)))
      (br $each)))
    (i32.store (local.get $counts) (i32.shr_u (i32.sub (local.get $lengths) (local.get $first)) (i32.const 2)))
    (i32.store offset=4 (local.get $counts) (local.get $other))
    (i32.store offset=8 (local.get $counts) (local.get $split))
    (i32.store offset=12 (local.get $counts) (local.get $most))
    (local.get $to))
  ;; Writes how much each of some numbers behind the first is above the one before it, plus $more, in $width bytes each.
  (func (export "differences")
    (param $numbers i32) (param $count i32) (param $more i32) (param $width i32) (param $to i32)
    (local $before i32) (local $number i32)
    (local.set $before (i32.sub (i32.load (local.get $numbers)) (local.get $more)))
    (block $done (loop $each
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $done (i32.le_s (local.get $count) (i32.const 0)))
      (local.set $numbers (i32.add (local.get $numbers) (i32.const 4)))
      (local.set $number (i32.load (local.get $numbers)))
      (if (i32.eq (local.get $width) (i32.const 1)) (then
        (i32.store8 (local.get $to) (i32.sub (local.get $number) (local.get $before))))
      (else (if (i32.eq (local.get $width) (i32.const 2)) (then
        (i32.store16 align=1 (local.get $to) (i32.sub (local.get $number) (local.get $before))))
      (else
        (i32.store align=1 (local.get $to) (i32.sub (local.get $number) (local.get $before)))))))
      (local.set $to (i32.add (local.get $to) (local.get $width)))
      (local.set $before (i32.sub (local.get $number) (local.get $more)))
      (br $each))))
  ;; Numbers the distinct values: writes the number of each value into a list, two bytes each, and the note of each distinct
  ;; one into another; sets a bit for each row that has a value. $slots has room for so many numbers, all zero, as $mask says.
  ;; Writes at $counts how many values there are. Returns how many distinct ones, or -1 where they are more than $most, hardly
  ;; fewer than the values, or longer than $longest.
  (func (export "distinct")
    (param $note i32) (param $stride i32) (param $rows i32) (param $most i32) (param $longest i32) (param $slots i32)
    (param $mask i32) (param $numbers i32) (param $distinct i32) (param $bits i32) (param $counts i32) (result i32)
    (local $row i32) (local $from i32) (local $rest i32) (local $count i32) (local $first i32) (local $number i32)
    (local $slot i32) (local $other i32) (local $length i32) (local $hash i64) (local $x v128)
    (local.set $first (local.get $numbers))
    (block $done (loop $each
      (br_if $done (i32.ge_u (local.get $row) (local.get $rows)))
      (local.set $length (i32.load offset=4 (local.get $note)))
      (if (i32.ge_s (local.get $length) (i32.const 0)) (then
        (if (i32.gt_u (local.get $length) (local.get $longest)) (then (return (i32.const -1))))
        (local.set $from (i32.add (local.get $bits) (i32.shr_u (local.get $row) (i32.const 3))))
        (i32.store8 (local.get $from) (i32.or
          (i32.load8_u (local.get $from))
          (i32.shl (i32.const 1) (i32.and (local.get $row) (i32.const 7)))))
        (local.set $rest (local.get $length))
        (local.set $from (i32.load (local.get $note)))
        (local.set $hash (i64.extend_i32_u (local.get $length)))
        (loop $more
          (local.set $x (v128.and
            (v128.load align=1 (local.get $from))
            ;; The bytes of the value among the sixteen.
            (i8x16.lt_u
              (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
              (i8x16.splat (select (local.get $rest) (i32.const 16) (i32.lt_u (local.get $rest) (i32.const 16)))))))
          (local.set $hash (i64.mul
            (i64.xor (local.get $hash) (i64x2.extract_lane 0 (local.get $x)))
            (i64.const 0x9e3779b97f4a7c15)))
          (local.set $hash (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 32))))
          (local.set $hash (i64.mul
            (i64.xor (local.get $hash) (i64x2.extract_lane 1 (local.get $x)))
            (i64.const 0xc2b2ae3d27d4eb4f)))
          (local.set $hash (i64.xor (local.get $hash) (i64.shr_u (local.get $hash) (i64.const 29))))
          (if (i32.gt_u (local.get $rest) (i32.const 16)) (then
            (local.set $from (i32.add (local.get $from) (i32.const 16)))
            (local.set $rest (i32.sub (local.get $rest) (i32.const 16)))
            (br $more))))
        (local.set $slot (i32.wrap_i64 (local.get $hash)))
        (block $known (loop $probe
          (local.set $slot (i32.and (local.get $slot) (local.get $mask)))
          (local.set $number (i32.load (i32.add (local.get $slots) (i32.shl (local.get $slot) (i32.const 2)))))
          (if (i32.eqz (local.get $number)) (then
            (local.set $count (i32.add (local.get $count) (i32.const 1)))
            (if (i32.gt_u (local.get $count) (local.get $most)) (then (return (i32.const -1))))
            (if (i32.and
                (i32.ge_u (local.get $count) (i32.const 384))
                (i32.gt_u
                  (i32.shl (local.get $count) (i32.const 2))
                  (i32.mul (i32.const 3)
                    (i32.shr_u (i32.sub (local.get $numbers) (local.get $first)) (i32.const 1))))) (then
              (return (i32.const -1))))
            (local.set $number (local.get $count))
            (i32.store (i32.add (local.get $slots) (i32.shl (local.get $slot) (i32.const 2))) (local.get $count))
            (local.set $other (i32.add (local.get $distinct) (i32.shl (local.get $count) (i32.const 3))))
            (i64.store offset=0 (i32.sub (local.get $other) (i32.const 8)) (i64.load (local.get $note)))
            (br $known)))
          (local.set $other (i32.add (local.get $distinct) (i32.shl (local.get $number) (i32.const 3))))
          (local.set $slot (i32.add (local.get $slot) (i32.const 1)))
          (br_if $probe (i32.ne (i32.load (i32.sub (local.get $other) (i32.const 4))) (local.get $length)))
          (local.set $other (i32.load (i32.sub (local.get $other) (i32.const 8))))
          (local.set $from (i32.load (local.get $note)))
          (local.set $rest (local.get $length))
          (loop $same
            (br_if $probe (i32.and
              (i32.xor (i32.const 0xffff) (i8x16.bitmask (i8x16.eq
                (v128.load align=1 (local.get $from))
                (v128.load align=1 (local.get $other)))))
              (select (i32.const 0xffff) (i32.sub (i32.shl (i32.const 1) (local.get $rest)) (i32.const 1))
                (i32.gt_u (local.get $rest) (i32.const 15)))))
            (if (i32.gt_u (local.get $rest) (i32.const 16)) (then
              (local.set $from (i32.add (local.get $from) (i32.const 16)))
              (local.set $other (i32.add (local.get $other) (i32.const 16)))
              (local.set $rest (i32.sub (local.get $rest) (i32.const 16)))
              (br $same))))))
        (i32.store16 (local.get $numbers) (i32.sub (local.get $number) (i32.const 1)))
        (local.set $numbers (i32.add (local.get $numbers) (i32.const 2)))))
      (local.set $note (i32.add (local.get $note) (local.get $stride)))
      (local.set $row (i32.add (local.get $row) (i32.const 1)))
      (br $each)))
    (i32.store (local.get $counts) (i32.shr_u (i32.sub (local.get $numbers) (local.get $first)) (i32.const 1)))
    (local.get $count))
  ;; Writes noted values one after another, each behind its length in four bytes. Returns where they end.
  (func (export "values") (param $note i32) (param $count i32) (param $to i32) (result i32)
    (local $from i32) (local $rest i32) (local $stop i32)
    (block $done (loop $each
      (br_if $done (i32.eqz (local.get $count)))
      (local.set $from (i32.load (local.get $note)))
      (local.set $rest (i32.load offset=4 (local.get $note)))
      (i32.store align=1 (local.get $to) (local.get $rest))
      (local.set $to (i32.add (local.get $to) (i32.const 4)))
      (local.set $stop (i32.add (local.get $to) (local.get $rest)))
      (loop $copy
        (v128.store align=1 (local.get $to) (v128.load align=1 (local.get $from)))
        (local.set $from (i32.add (local.get $from) (i32.const 16)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (br_if $copy (i32.lt_u (local.get $to) (local.get $stop))))
      (local.set $to (local.get $stop))
      (local.set $note (i32.add (local.get $note) (i32.const 8)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $each)))
    (local.get $to))
  ;; Writes numbers of two bytes as numbers of one byte.
  (func (export "narrow") (param $numbers i32) (param $count i32) (param $to i32)
    (block $done (loop $each
      (br_if $done (i32.eqz (local.get $count)))
      (i32.store8 (local.get $to) (i32.load8_u (local.get $numbers)))
      (local.set $numbers (i32.add (local.get $numbers) (i32.const 2)))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $each))))
)
