/** What a value looks like, whatever its schema calls it: what a table of it can be typed by. */
export type Shape =
  | { readonly kind: SimpleShape }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'list'; readonly items: Shape }
  | { readonly kind: 'map'; readonly values: Shape }
  | RecordShape

/** `json` is a value of which no more is known; `nothing` is one that was never there. */
export type SimpleShape =
  | 'text'
  | 'integer'
  | 'long'
  | 'double'
  | 'boolean'
  | 'date'
  | 'timestamp'
  | 'bytes'
  | 'json'
  | 'nothing'

export interface RecordShape {
  readonly kind: 'record'
  readonly fields: Readonly<Record<string, Shape>>
}

const MOST_DIGITS = 38

/** Returns the shape of a decimal; one that no column can hold is a text. */
export function decimalShape(precision: number, scale: number): Shape {
  return !(precision > 0 && precision <= MOST_DIGITS && scale <= precision)
    ? { kind: 'text' }
    : { kind: 'decimal', precision, scale }
}
