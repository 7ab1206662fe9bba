const MOST_DIGITS = 9

/** Returns the fewest digits that make this float of 32 bits, as Debezium writes it: 0.1, not 0.10000000149011612. */
export function floatText(value: number): string {
  for (let digits = 6; digits < MOST_DIGITS; digits++) {
    const rounded = Number(value.toPrecision(digits))
    if (Math.fround(rounded) === value) return String(rounded)
  }
  return String(Number(value.toPrecision(MOST_DIGITS)))
}
