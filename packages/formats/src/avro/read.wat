;; Reads fields of an Avro record that follow one another. The module in read-module.ts is made of it, which a test proves.
(module
  (import "work" "memory" (memory 1 65536 shared))
  (import "work" "digits" (func $digits (param i64 i32) (result i32)))
  ;; Notes the values of the fields described between two places. A field takes four numbers: its kind; where in the row's
  ;; notes its note is; where behind $numbers the digits of its value end; and where the words true and false are, of five
  ;; bytes each.
  ;; Kinds: 0 a text, 1 a boolean, 2 an int, 3 a long; 4 more where null is the first of two branches, 8 more where it is
  ;; the second. Returns where the fields end, or -1 where they have to be looked at more closely.
  (func (export "fields")
    (param $field i32) (param $last i32) (param $i i32) (param $end i32) (param $notes i32) (param $numbers i32)
    (result i32)
    (local $kind i32) (local $note i32) (local $byte i32) (local $next i32) (local $value i64) (local $shift i64)
    (block $closer
    (loop $each
      (if (i32.eq (local.get $field) (local.get $last)) (then (return (local.get $i))))
      (local.set $kind (i32.load (local.get $field)))
      (local.set $note (i32.add (local.get $notes) (i32.load offset=4 (local.get $field))))
      (block $null
        (br_if $closer (i32.ge_u (local.get $i) (local.get $end)))
        (local.set $byte (i32.load8_u (local.get $i)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (if (i32.and (local.get $kind) (i32.const 12)) (then
          ;; The branch is 0 or 2, which is 1 in Avro's way to write numbers.
          (br_if $closer (i32.and (local.get $byte) (i32.const 0xfd)))
          (br_if $null (i32.ne (local.get $byte)
            (i32.shr_u (i32.and (local.get $kind) (i32.const 4)) (i32.const 1))))
          (br_if $closer (i32.ge_u (local.get $i) (local.get $end)))
          (local.set $byte (i32.load8_u (local.get $i)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (local.set $kind (i32.and (local.get $kind) (i32.const 3)))))
        (if (i32.eqz (local.get $kind)) (then
          (if (i32.ge_u (local.get $byte) (i32.const 0x80)) (then
            (br_if $closer (i32.ge_u (local.get $i) (local.get $end)))
            (local.set $next (i32.load8_u (local.get $i)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (local.set $byte (i32.or
              (i32.and (local.get $byte) (i32.const 0x7f))
              (i32.shl (local.get $next) (i32.const 7))))
            (if (i32.ge_u (local.get $next) (i32.const 0x80)) (then
              (br_if $closer (i32.ge_u (local.get $i) (local.get $end)))
              (local.set $next (i32.load8_u (local.get $i)))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br_if $closer (i32.ge_u (local.get $next) (i32.const 0x80)))
              (local.set $byte (i32.or
                (i32.and (local.get $byte) (i32.const 0x3fff))
                (i32.shl (local.get $next) (i32.const 14))))))))
          (br_if $closer (i32.and (local.get $byte) (i32.const 1)))
          (local.set $byte (i32.shr_u (local.get $byte) (i32.const 1)))
          (br_if $closer (i32.gt_u (local.get $byte) (i32.sub (local.get $end) (local.get $i))))
          (i32.store (local.get $note) (local.get $i))
          (i32.store offset=4 (local.get $note) (local.get $byte))
          (local.set $i (i32.add (local.get $i) (local.get $byte)))
          (br $null)))
        (if (i32.eq (local.get $kind) (i32.const 1)) (then
          (br_if $closer (i32.gt_u (local.get $byte) (i32.const 1)))
          (i32.store (local.get $note) (i32.sub
            (i32.load offset=12 (local.get $field))
            (i32.sub (i32.mul (local.get $byte) (i32.const 5)) (i32.const 5))))
          (i32.store offset=4 (local.get $note) (i32.sub (i32.const 5) (local.get $byte)))
          (br $null)))
        (local.set $value (i64.extend_i32_u (i32.and (local.get $byte) (i32.const 0x7f))))
        (local.set $shift (i64.const 7))
        (block $whole (loop $more
          (br_if $whole (i32.lt_u (local.get $byte) (i32.const 0x80)))
          (br_if $closer (i32.ge_u (local.get $i) (local.get $end)))
          (br_if $closer (i64.gt_u (local.get $shift) (i64.const 56)))
          (local.set $byte (i32.load8_u (local.get $i)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (local.set $value (i64.or (local.get $value)
            (i64.shl (i64.extend_i32_u (i32.and (local.get $byte) (i32.const 0x7f))) (local.get $shift))))
          (local.set $shift (i64.add (local.get $shift) (i64.const 7)))
          (br $more)))
        (local.set $next (i32.add (local.get $numbers) (i32.load offset=8 (local.get $field))))
        (br_if $closer (i32.and
          (i32.eq (local.get $kind) (i32.const 2))
          (i64.ne (i64.shr_u (local.get $value) (i64.const 32)) (i64.const 0))))
        (local.set $byte (call $digits
          (i64.xor
            (i64.shr_u (local.get $value) (i64.const 1))
            (i64.sub (i64.const 0) (i64.and (local.get $value) (i64.const 1))))
          (local.get $next)))
        (i32.store (local.get $note) (local.get $byte))
        (i32.store offset=4 (local.get $note) (i32.sub (local.get $next) (local.get $byte))))
      (local.set $field (i32.add (local.get $field) (i32.const 16)))
      (br $each)))
    (i32.const -1))
)
