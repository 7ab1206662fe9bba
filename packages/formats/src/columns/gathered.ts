import type { Page } from '../block-columns.ts'
import type { RowNotes } from './row-notes.ts'

/** Gathered values of some rows: where each column's page is in the memory, and the rows with a text that is not UTF-8. */
export interface Gathered {
  readonly places: readonly Place[]
  readonly bad: ReadonlySet<number>
}

/** Where in the memory a column's page begins and ends, and what is in it by its place in the page. */
export interface Place extends Omit<Page, 'bytes' | 'bits'> {
  readonly column: number
  readonly start: number
  readonly end: number
  readonly bits: number | undefined
}

/** Some rows whose values are gathered. */
export interface GatheredRows {
  readonly notes: RowNotes
  readonly rows: number
  readonly memory: Uint8Array
  /** Where in the memory is room for a list of the rows, and for what dictionaries need. */
  readonly list: number
  readonly dictionaries: number
  /** Where in the memory it is counted, and what was counted. */
  readonly counts: number
  readonly counted: Int32Array
}

/** A column's page, if it has a value, and whether one of its texts is not UTF-8. */
export interface WrittenPage {
  readonly place?: Place
  readonly isBad: boolean
}
