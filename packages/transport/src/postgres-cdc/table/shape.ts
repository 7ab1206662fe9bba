import { createHash } from 'node:crypto'

/** The properties of a column that change when a statement rewrites rows. */
export interface ShapedColumn {
  /** Never used again in the table. */
  readonly number: number
  readonly name: string
  readonly type: number
  /** Length, precision and scale. */
  readonly modifier: number
  /** Another one after each statement that defines the column anew. */
  readonly definition: string
  /** Whether it may have come with a value in the rows that were there already. */
  readonly isFilled: boolean
}

/** The properties of a table that change when a statement rewrites its rows, or changes its key. */
export interface Shaped {
  readonly columns: readonly ShapedColumn[]
  readonly key: readonly ShapedColumn[]
  /** Other ones after each statement that writes all rows anew: one that changes them, and VACUUM FULL, CLUSTER and TRUNCATE. */
  readonly files: string
}

/** Bits of a shape: number of the last column, then hashes of the columns with the key, of the files, of the definitions. */
const [LAST, COLUMNS, FILES, DEFINITIONS] = [11n, 27n, 12n, 12n]
/** The shape of rows of which nobody knows the shape. */
export const ANY_SHAPE = (1n << 62n) - 1n

/** Returns the shape of a table as a number. */
export function shapeOf({ columns, key, files }: Shaped): bigint {
  const last = Math.max(0, ...columns.map(({ number }) => number))
  const looks = columns.map(({ number, name, type, modifier }) => [number, name, type, modifier])
  const order = key.map(({ number }) => number)
  const definitions = columns.map(({ definition }) => definition)
  return joined([BigInt(last), hash([looks, order], COLUMNS), hash(files, FILES), hash(definitions, DEFINITIONS)])
}

/** Whether rows of this shape are as the table has them now: at most, columns have come that are NULL in them. */
export function isShapeOf(shape: bigint, table: Shaped): boolean {
  if (shape === ANY_SHAPE) return true
  const { columns, key } = table
  const [last = 0n, looks, files, definitions] = parted(shape)
  const isKnown = ({ number }: ShapedColumn) => BigInt(number) <= last
  const [lastNow, looksNow, filesNow, definitionsNow] = parted(
    shapeOf({ columns: columns.filter(isKnown), key, files: table.files }),
  )
  if (lastNow !== last || looksNow !== looks) return false
  const added = columns.filter((column) => !isKnown(column))
  if (added.some(({ isFilled }) => isFilled)) return false
  // A statement that wrote values of its own may have left no other trace.
  return filesNow === files || (added.length === 0 && definitionsNow === definitions)
}

function hash(value: unknown, bits: bigint): bigint {
  const digest = createHash('sha256').update(JSON.stringify(value)).digest().readBigUInt64BE()
  return digest >> (64n - bits)
}

const WIDTHS = [LAST, COLUMNS, FILES, DEFINITIONS]

function joined(parts: readonly bigint[]): bigint {
  return parts.reduce((all, part, i) => (all << (WIDTHS[i] ?? 0n)) | part, 0n)
}

function parted(shape: bigint): bigint[] {
  const parts: bigint[] = []
  let rest = shape
  for (const width of WIDTHS.toReversed()) {
    parts.unshift(rest & ((1n << width) - 1n))
    rest >>= width
  }
  return parts
}
