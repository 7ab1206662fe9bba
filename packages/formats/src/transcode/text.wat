;; Writes JSON. Copies texts sixteen bytes at a time, and reads and writes up to sixteen bytes behind them.
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
  ;; Writes the digits of a number with a sign so that they end at a place. Returns where they begin.
  (func (export "digits") (param $value i64) (param $to i32) (result i32)
    (local $rest i64) (local $small i32) (local $tenth i32)
    (local.set $rest (select (i64.sub (i64.const 0) (local.get $value)) (local.get $value)
      (i64.lt_s (local.get $value) (i64.const 0))))
    (block $few (loop $next
      (br_if $few (i64.eqz (i64.shr_u (local.get $rest) (i64.const 32))))
      (local.set $to (i32.sub (local.get $to) (i32.const 1)))
      (i32.store8 (local.get $to) (i32.add (i32.const 0x30)
        (i32.wrap_i64 (i64.rem_u (local.get $rest) (i64.const 10)))))
      (local.set $rest (i64.div_u (local.get $rest) (i64.const 10)))
      (br $next)))
    (local.set $small (i32.wrap_i64 (local.get $rest)))
    (loop $next
      (local.set $tenth (i32.div_u (local.get $small) (i32.const 10)))
      (local.set $to (i32.sub (local.get $to) (i32.const 1)))
      (i32.store8 (local.get $to) (i32.add (i32.const 0x30)
        (i32.sub (local.get $small) (i32.mul (local.get $tenth) (i32.const 10)))))
      (local.set $small (local.get $tenth))
      (br_if $next (local.get $small)))
    (if (i64.lt_s (local.get $value) (i64.const 0)) (then
      (local.set $to (i32.sub (local.get $to) (i32.const 1)))
      (i32.store8 (local.get $to) (i32.const 0x2d))))
    (local.get $to))
)
