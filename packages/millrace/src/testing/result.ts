/** What is tested: a data set by its records, a question or a view by rows of the tables that it reads. */
export type TestedKind = 'data set' | 'question' | 'view'

/** Where what came differs from what a fixture says, in words. */
export interface Difference {
  /** The number of the record, from 1; of a question or view the number of the row. */
  readonly record?: number
  readonly column?: string
  readonly expected: string
  readonly got: string
  /** The record as it came in. */
  readonly raw?: string
}

/** What a fixture came to. It passes when there is neither a difference nor a problem. */
export interface TestResult {
  readonly kind: TestedKind
  readonly name: string
  /** Undefined where nothing could be run. */
  readonly fixture?: string
  /** How many records went in. */
  readonly records: number
  readonly differences: readonly Difference[]
  /** Why it could not be run. */
  readonly problem?: string
  /** Its files have been written anew: what came is expected from now on. */
  readonly updated?: true
}

export function hasPassed({ differences, problem }: TestResult): boolean {
  return differences.length === 0 && problem === undefined
}
