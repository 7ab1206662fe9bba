/**
 * How the values of a column are written: `text` as the text that a value is; `word` as an integer or a boolean, whose JSON
 * is its text; `real` as any other number of JSON, which the engine writes in its own way; `json` as JSON of anything else.
 */
export type ColumnKind = 'text' | 'word' | 'real' | 'json'

/** A column of one kind; a field whose values are of several kinds has one for each. */
export interface Column {
  readonly name: string
  readonly kind: ColumnKind
}

/** Returns what tells a column from the others. */
export function columnKey({ name, kind }: Column): string {
  return `${kind} ${name}`
}

/** The values of a column in a group of rows, as pages of a Parquet file. */
export interface Page {
  /** A dictionary with its header, if there is one; the page's header, which rows have a value, the values. */
  readonly bytes: Uint8Array
  /** Where the values begin, one after another, or the numbers of those in the dictionary. */
  readonly values: number
  /** How it is known where each value is. */
  readonly lengths: Lengths | Dictionary
  /** For each row a bit, lowest first, whether it has a value; undefined where all have one. */
  readonly bits: Uint8Array | undefined
  /** How many rows have a value. */
  readonly present: number
}

/** The values' lengths: of each but the first by how much it is above the one before, plus the longest. */
export interface Lengths {
  /** Where the differences begin in the page. */
  readonly at: number
  /** How many bytes each takes, lowest first. */
  readonly width: number
  readonly first: number
  readonly longest: number
}

/** The distinct values of a page, each its length in four bytes, lowest first, and its bytes. */
export interface Dictionary {
  /** Where the values begin in the page's bytes, and how many they are. */
  readonly at: number
  readonly count: number
  /** How many bytes the number of a value takes, lowest first. */
  readonly width: number
  /** How many bytes the dictionary takes, with its header. */
  readonly size: number
}

/** Some records of a block that follow one another. */
export interface RowGroup {
  /** For each row which message of the block it is, in ascending order. */
  readonly index: Int32Array
  /** For each row by which of the layouts it is written. */
  readonly layout: Int32Array
  /** The columns in which some row has a value, by their place in the block's columns. */
  readonly pages: ReadonlyMap<number, Page>
}

/** The records of a block as columns; messages that were rejected are in none of its groups. */
export interface BlockColumns {
  readonly columns: readonly Column[]
  /** The columns of each schema, in the order of its fields, by their place in `columns`. */
  readonly layouts: readonly Int32Array[]
  readonly groups: readonly RowGroup[]
  /** No record takes more bytes, as a message and as what is written of it. */
  readonly longest: number
  /** For whoever is done with the pages: their memory is used again from now on. */
  release(): void
  isReleased(): boolean
}
