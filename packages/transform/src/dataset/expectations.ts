import { quoteText } from '@millrace/engine'

/** What happens to a row that an expectation does not hold for. */
export const OUTCOMES = ['keep', 'drop', 'quarantine', 'stop'] as const

export type Outcome = (typeof OUTCOMES)[number]

/** A promise about every clean row. A predicate that gives NULL does not hold. */
export interface Expectation {
  readonly name: string
  readonly predicate: string
  readonly otherwise: Outcome
}

/** They travel as the bits of one INTEGER. */
export const MOST_EXPECTATIONS = 30

/** Returns the bits of the expectations with one of these outcomes. */
export function expectationBits(expectations: readonly Expectation[], ...outcomes: readonly Outcome[]): number {
  return expectations.reduce((bits, { otherwise }, i) => (outcomes.includes(otherwise) ? bits | (1 << i) : bits), 0)
}

/** Returns SQL over clean rows: the expectations that fail, as bits; of all, or of those in `among`. */
export function failedBits(expectations: readonly Expectation[], among = -1): string {
  const terms = expectations.map(({ predicate }, i) => `CASE WHEN ${predicate} THEN 0 ELSE ${1 << i} END`)
  return sum(terms.filter((_, i) => among & (1 << i)))
}

/** Returns the same SQL, which fails at a row that must be rejected. */
export function failedBitsOrError(expectations: readonly Expectation[]): string {
  return sum(
    expectations.map(({ name, predicate, otherwise }, i) => {
      const refuses = otherwise === 'quarantine' || otherwise === 'stop'
      return `CASE WHEN ${predicate} THEN 0 ELSE ${refuses ? `error(${quoteText(failure(name))})` : 1 << i} END`
    }),
  )
}

export const failure = (name: string) => `expectation ${name} failed`

function sum(terms: readonly string[]): string {
  return `CAST(${terms.length === 0 ? '0' : terms.join(' + ')} AS INTEGER)`
}
