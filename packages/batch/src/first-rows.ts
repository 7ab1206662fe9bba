import { BOOLEAN, type DuckDBConnection, type DuckDBDataChunk, DuckDBScalarFunction, UBIGINT } from '@duckdb/node-api'
import { type AddFile, expectCalls, planScan, type Snapshot, vectorBytes, withScan } from '@millrace/lake'
import type { Dataset } from '@millrace/transform'
import { rowKeys } from './duplicates.ts'

/**
 * Holds duplicates back while rows are on their way into files, so that no file has to be written a second time:
 * a function in the WHERE that knows the keys of all rows before. It gives up where it would need much memory or
 * where rows came past it; what it has let through is then for `siftRows` to judge.
 */
export interface FirstRows {
  /** The query's rows without those that came before. */
  filtered(query: string): string
  readonly dropped: number
  /** Whether every row of the table has come past: nothing is left to find. */
  readonly isWhole: boolean
  /** Where some rows are going to come again: as if only so many had been dropped. */
  giveUp(dropped?: number): void
}

/** 16 bytes each, in tables at most twice as large. */
const MOST_ROWS = 4 << 20

let registered = 0

export async function createFirstRows(
  dataset: Dataset,
  snapshot: Snapshot,
  files: readonly AddFile[],
  connection: DuckDBConnection,
): Promise<FirstRows> {
  const name = `millrace_first_${registered++}`
  const keys = createKeySet()
  const state = { dropped: 0, isWhole: true }
  const calls = expectCalls(connection)
  const isFirst = (a: number, b: number, c: number, d: number): boolean => {
    if (!state.isWhole || keys.add(a, b, c, d)) return true
    state.dropped++
    return false
  }
  connection.registerScalarFunction(
    filterFunction(name, isFirst, () => {
      calls.last = performance.now()
      if (keys.size() > MOST_ROWS) state.isWhole = false
    }),
  )
  const { h1, h2 } = rowKeys(dataset)
  const condition = `${name}(${h1}, ${h2})`
  if (files.length > 0) {
    await withScan({ ...planScan(snapshot), files }, connection, (rows) =>
      connection.run(`SELECT count(*) FROM (${rows}) WHERE ${condition}`),
    )
    state.dropped = 0
  }
  return {
    filtered: (query) => (state.isWhole ? `SELECT * FROM (${query}) WHERE ${condition}` : query),
    get dropped() {
      return state.dropped
    },
    get isWhole() {
      return state.isWhole
    },
    giveUp: (dropped = state.dropped) => {
      state.isWhole = false
      state.dropped = dropped
    },
  }
}

type IsFirst = (a: number, b: number, c: number, d: number) => boolean

function filterFunction(name: string, isFirst: IsFirst, afterEach: () => void): DuckDBScalarFunction {
  return DuckDBScalarFunction.create({
    name,
    parameterTypes: [UBIGINT, UBIGINT],
    returnType: BOOLEAN,
    volatile: true,
    mainFunction: (_info, rows, stays) => {
      const [h1, h2] = [halvesOf(rows, 0), halvesOf(rows, 1)]
      for (let row = 0; row < rows.rowCount; row++) {
        const [low, high] = [2 * row, 2 * row + 1]
        stays.setItem(row, isFirst(h1[low] ?? 0, h1[high] ?? 0, h2[low] ?? 0, h2[high] ?? 0))
      }
      stays.flush()
      afterEach()
    },
  })
}

/** With a sign: V8 keeps such numbers without an object for each. */
function halvesOf(rows: DuckDBDataChunk, column: number): Int32Array {
  const bytes = vectorBytes(rows, column, 8)
  return new Int32Array(bytes.buffer, bytes.byteOffset, 2 * rows.rowCount)
}

/** Keys of 128 bits in one array, four parts each: no object a key. */
function createKeySet() {
  let slots = new Int32Array(4 << 16)
  let used = 0
  const find = (table: Int32Array, a: number, b: number, c: number, d: number): number => {
    const last = table.length / 4 - 1
    for (let at = a & last; ; at = (at + 1) & last) {
      const i = at * 4
      const w = table[i]
      if (w === a && table[i + 1] === b && table[i + 2] === c && table[i + 3] === d) return i
      if (w === 0 && table[i + 1] === 0 && table[i + 2] === 0 && table[i + 3] === 0) return i
    }
  }
  const put = (table: Int32Array, i: number, a: number, b: number, c: number, d: number) => {
    table[i] = a
    table[i + 1] = b
    table[i + 2] = c
    table[i + 3] = d
  }
  const grow = () => {
    const larger = new Int32Array(slots.length * 2)
    for (let i = 0; i < slots.length; i += 4) {
      const a = slots[i] ?? 0
      const b = slots[i + 1] ?? 0
      const c = slots[i + 2] ?? 0
      const d = slots[i + 3] ?? 0
      if (a !== 0 || b !== 0 || c !== 0 || d !== 0) put(larger, find(larger, a, b, c, d), a, b, c, d)
    }
    slots = larger
  }
  return {
    size: () => used,
    /** False: it was there. The key of nothing but zeros stands for another one. */
    add(a: number, b: number, c: number, d: number): boolean {
      const last = a === 0 && b === 0 && c === 0 && d === 0 ? 1 : d
      const i = find(slots, a, b, c, last)
      if (slots[i] !== 0 || slots[i + 1] !== 0 || slots[i + 2] !== 0 || slots[i + 3] !== 0) return false
      put(slots, i, a, b, c, last)
      if (++used * 8 > slots.length) grow()
      return true
    },
  }
}
