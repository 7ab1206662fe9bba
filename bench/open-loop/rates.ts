const RATES: Readonly<Record<string, number>> = Object.fromEntries(
  [2_000, 5_000, 10_000, 20_000].map((rate) => [`${rate} a second`, rate]),
)

export const CASES: readonly string[] = Object.keys(RATES)

export function rateOf(variant: string): number {
  const rate = RATES[variant]
  if (rate === undefined) throw new Error(`No such rate: ${variant}`)
  return rate
}
