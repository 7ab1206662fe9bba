;; Copies texts sixteen bytes at a time. Reads and writes up to sixteen bytes behind them.
;; The module in text-module.ts is made of it, which a test proves.
(module
  (import "work" "memory" (memory 1 65536 shared))
  ;; Writes UTF-8 as a text of JSON with its quotes.
  (func (export "text") (param $i i32) (param $end i32) (param $to i32) (result i32)
    (local $x v128) (local $unfit i32) (local $rest i32) (local $byte i32)
    (i32.store8 (local.get $to) (i32.const 0x22))
    (local.set $to (i32.add (local.get $to) (i32.const 1)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $end)))
      (local.set $rest (i32.sub (local.get $end) (local.get $i)))
      (if (i32.gt_u (local.get $rest) (i32.const 16)) (then (local.set $rest (i32.const 16))))
      (local.set $x (v128.load align=1 (local.get $i)))
      ;; A bit for each byte that needs an escape: a control character, a quote, a backslash.
      (local.set $unfit (i32.and
        (i8x16.bitmask (v128.or (i8x16.lt_u (local.get $x) (i8x16.splat (i32.const 0x20)))
          (v128.or (i8x16.eq (local.get $x) (i8x16.splat (i32.const 0x22)))
            (i8x16.eq (local.get $x) (i8x16.splat (i32.const 0x5c))))))
        (i32.sub (i32.shl (i32.const 1) (local.get $rest)) (i32.const 1))))
      (v128.store align=1 (local.get $to) (local.get $x))
      (if (i32.eqz (local.get $unfit)) (then
        (local.set $to (i32.add (local.get $to) (local.get $rest)))
        (local.set $i (i32.add (local.get $i) (local.get $rest)))
        (br $next)))
      (local.set $rest (i32.ctz (local.get $unfit)))
      (local.set $to (i32.add (local.get $to) (local.get $rest)))
      (local.set $i (i32.add (local.get $i) (local.get $rest)))
      (local.set $byte (i32.load8_u (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (if (i32.ge_u (local.get $byte) (i32.const 0x20)) (then
        (i32.store8 (local.get $to) (i32.const 0x5c))
        (i32.store8 offset=1 (local.get $to) (local.get $byte))
        (local.set $to (i32.add (local.get $to) (i32.const 2)))
        (br $next)))
      ;; \u00 and two digits.
      (i32.store align=1 (local.get $to) (i32.const 0x3030755c))
      (i32.store8 offset=4 (local.get $to) (i32.add (i32.const 0x30) (i32.shr_u (local.get $byte) (i32.const 4))))
      (local.set $byte (i32.and (local.get $byte) (i32.const 15)))
      (i32.store8 offset=5 (local.get $to) (i32.add (local.get $byte)
        (select (i32.const 0x57) (i32.const 0x30) (i32.gt_u (local.get $byte) (i32.const 9)))))
      (local.set $to (i32.add (local.get $to) (i32.const 6)))
      (br $next)))
    (i32.store8 (local.get $to) (i32.const 0x22))
    (i32.add (local.get $to) (i32.const 1)))
  ;; Writes the noted values of a column one after another, each behind four zeros. A note is where a value begins, and its
  ;; length, which is below zero where there is none. Sets a bit for each row that has a value. Writes at $counts how many
  ;; there are, and how many have bytes that are not ASCII.
  (func (export "gather")
    (param $note i32) (param $stride i32) (param $rows i32) (param $to i32) (param $bits i32) (param $counts i32)
    (result i32)
    (local $row i32) (local $from i32) (local $rest i32) (local $stop i32) (local $present i32) (local $other i32)
    (local $x v128) (local $seen v128)
    (block $done (loop $each
      (br_if $done (i32.ge_u (local.get $row) (local.get $rows)))
      (local.set $rest (i32.load offset=4 (local.get $note)))
      (if (i32.ge_s (local.get $rest) (i32.const 0)) (then
        (local.set $from (i32.add (local.get $bits) (i32.shr_u (local.get $row) (i32.const 3))))
        (i32.store8 (local.get $from) (i32.or
          (i32.load8_u (local.get $from))
          (i32.shl (i32.const 1) (i32.and (local.get $row) (i32.const 7)))))
        (local.set $present (i32.add (local.get $present) (i32.const 1)))
        (local.set $from (i32.load (local.get $note)))
        (i32.store align=1 (local.get $to) (i32.const 0))
        (local.set $to (i32.add (local.get $to) (i32.const 4)))
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
        (local.set $other (i32.add (local.get $other) (i32.ne (i32.const 0) (i32.or
          (i8x16.bitmask (local.get $seen))
          (i32.and
            (i8x16.bitmask (local.get $x))
            (i32.sub (i32.shl (i32.const 1) (local.get $rest)) (i32.const 1)))))))))
      (local.set $note (i32.add (local.get $note) (local.get $stride)))
      (local.set $row (i32.add (local.get $row) (i32.const 1)))
      (br $each)))
    (i32.store (local.get $counts) (local.get $present))
    (i32.store offset=4 (local.get $counts) (local.get $other))
    (local.get $to))
  ;; Writes the lengths of gathered values in place of the zeros.
  (func (export "lengths") (param $note i32) (param $stride i32) (param $rows i32) (param $to i32)
    (local $length i32)
    (block $done (loop $each
      (br_if $done (i32.eqz (local.get $rows)))
      (local.set $length (i32.load offset=4 (local.get $note)))
      (if (i32.ge_s (local.get $length) (i32.const 0)) (then
        (i32.store align=1 (local.get $to) (local.get $length))
        (local.set $to (i32.add (local.get $to) (i32.add (local.get $length) (i32.const 4))))))
      (local.set $note (i32.add (local.get $note) (local.get $stride)))
      (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
      (br $each)))))
