;; Goes through the fields of a Protobuf message. The module in find-module.ts is made of it, which a test proves.
(module
  (import "work" "memory" (memory 1 65536 shared))
  (import "work" "digits" (func $digits (param i64 i32) (result i32)))
  ;; Notes the values of the message between two places. A table has four numbers for each tag below $tags: the kind; where in
  ;; the row's notes the note is; where behind $numbers the digits of the value end; and where the words true and false are,
  ;; of five bytes each. Kinds: 0 no field, 1 a text, 2 int32, 3 uint32, 4 sint32, 5 int64, 6 sint64, 7 bool, 8 another,
  ;; whose first tag, plus one, and last value are written into $found, at the second number, 9 one that has to be looked at
  ;; more closely. That of the tag 0 is the kind of all that the table does not have. The last value of a field counts.
  ;; Returns 1, or 0 where the message has to be looked at more closely.
  (func (export "find")
    (param $table i32) (param $tags i32) (param $i i32) (param $end i32) (param $notes i32) (param $numbers i32)
    (param $found i32) (result i32)
    (local $start i32) (local $tag i32) (local $at i32) (local $kind i32) (local $note i32) (local $byte i32) (local $next i32)
    (local $value i64) (local $shift i64)
    (block $closer
    (loop $each
      (if (i32.ge_u (local.get $i) (local.get $end)) (then (return (i32.eq (local.get $i) (local.get $end)))))
      (local.set $start (local.get $i))
      (local.set $tag (i32.load8_u (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (if (i32.ge_u (local.get $tag) (i32.const 0x80)) (then
        (br_if $closer (i32.ge_u (local.get $i) (local.get $end)))
        (local.set $next (i32.load8_u (local.get $i)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $closer (i32.ge_u (local.get $next) (i32.const 0x80)))
        (local.set $tag (i32.or
          (i32.and (local.get $tag) (i32.const 0x7f))
          (i32.shl (local.get $next) (i32.const 7))))))
      (br_if $closer (i32.lt_u (local.get $tag) (i32.const 8)))
      (local.set $kind (i32.load (local.get $table)))
      (if (i32.lt_u (local.get $tag) (local.get $tags)) (then
        (local.set $at (i32.add (local.get $table) (i32.shl (local.get $tag) (i32.const 4))))
        (local.set $kind (i32.load (local.get $at)))
        (if (i32.eq (local.get $kind) (i32.const 8)) (then
          (local.set $note (i32.add (local.get $found) (i32.load offset=4 (local.get $at))))
          (if (i32.eqz (i32.load (local.get $note))) (then
            (i32.store (local.get $note) (i32.add (local.get $start) (i32.const 1)))))
          (i32.store offset=4 (local.get $note) (local.get $i)))
        (else
          (local.set $note (i32.add (local.get $notes) (i32.load offset=4 (local.get $at))))))))
      (br_if $closer (i32.eq (local.get $kind) (i32.const 9)))
      (local.set $next (i32.and (local.get $tag) (i32.const 7)))
      (if (i32.eq (local.get $next) (i32.const 2)) (then
        (br_if $closer (i32.ge_u (local.get $i) (local.get $end)))
        (local.set $byte (i32.load8_u (local.get $i)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
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
        (br_if $closer (i32.gt_u (local.get $byte) (i32.sub (local.get $end) (local.get $i))))
        (if (i32.eq (local.get $kind) (i32.const 1)) (then
          (i32.store (local.get $note) (local.get $i))
          (i32.store offset=4 (local.get $note) (local.get $byte))))
        (local.set $i (i32.add (local.get $i) (local.get $byte)))
        (br $each)))
      (if (i32.eq (local.get $next) (i32.const 1)) (then
        (br_if $closer (i32.lt_u (i32.sub (local.get $end) (local.get $i)) (i32.const 8)))
        (local.set $i (i32.add (local.get $i) (i32.const 8)))
        (br $each)))
      (if (i32.eq (local.get $next) (i32.const 5)) (then
        (br_if $closer (i32.lt_u (i32.sub (local.get $end) (local.get $i)) (i32.const 4)))
        (local.set $i (i32.add (local.get $i) (i32.const 4)))
        (br $each)))
      (br_if $closer (local.get $next))
      (local.set $value (i64.const 0))
      (local.set $shift (i64.const 0))
      (loop $more
        (br_if $closer (i32.ge_u (local.get $i) (local.get $end)))
        (br_if $closer (i64.gt_u (local.get $shift) (i64.const 63)))
        (local.set $byte (i32.load8_u (local.get $i)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (local.set $value (i64.or (local.get $value)
          (i64.shl (i64.extend_i32_u (i32.and (local.get $byte) (i32.const 0x7f))) (local.get $shift))))
        (local.set $shift (i64.add (local.get $shift) (i64.const 7)))
        (br_if $more (i32.ge_u (local.get $byte) (i32.const 0x80))))
      (br_if $each (i32.or (i32.eqz (local.get $kind)) (i32.eq (local.get $kind) (i32.const 8))))
      (if (i32.eq (local.get $kind) (i32.const 7)) (then
        (local.set $byte (i64.ne (local.get $value) (i64.const 0)))
        (i32.store (local.get $note) (i32.sub
          (i32.load offset=12 (local.get $at))
          (i32.sub (i32.mul (local.get $byte) (i32.const 5)) (i32.const 5))))
        (i32.store offset=4 (local.get $note) (i32.sub (i32.const 5) (local.get $byte)))
        (br $each)))
      (if (i32.or (i32.eq (local.get $kind) (i32.const 3)) (i32.eq (local.get $kind) (i32.const 4))) (then
        (local.set $value (i64.and (local.get $value) (i64.const 0xffffffff)))))
      (if (i32.or (i32.eq (local.get $kind) (i32.const 4)) (i32.eq (local.get $kind) (i32.const 6))) (then
        (local.set $value (i64.xor
          (i64.shr_u (local.get $value) (i64.const 1))
          (i64.sub (i64.const 0) (i64.and (local.get $value) (i64.const 1)))))))
      (local.set $next (i32.add (local.get $numbers) (i32.load offset=8 (local.get $at))))
      (if (i32.eq (local.get $kind) (i32.const 2)) (then
        (local.set $value (i64.extend32_s (local.get $value)))))
      (local.set $byte (call $digits (local.get $value) (local.get $next)))
      (i32.store (local.get $note) (local.get $byte))
      (i32.store offset=4 (local.get $note) (i32.sub (local.get $next) (local.get $byte)))
      (br $each)))
    (i32.const 0))
)
