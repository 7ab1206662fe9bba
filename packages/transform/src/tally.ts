import { BOOLEAN, DuckDBScalarFunction, INTEGER, UBIGINT } from '@duckdb/node-api'
import type { DuckDB } from '@millrace/lake'

/**
 * What a query tells of the rows that it gives, while it gives them: a function in its WHERE that sees each
 * row's hash and failed expectations, a vector at a time. A second pass would cost a sixth of the whole.
 */
export interface Tally {
  /** SQL for the WHERE: false for a row that is to be dropped. */
  where(hash: string, failed: string): string
  readonly seen: number
  readonly dropped: number
  /** The rows that stay: the sum of their hashes, modulo 2^64, whatever their order. */
  readonly hash: bigint
  /** How many rows each expectation failed for. */
  failed(expectation: number): number
  end(): void
}

interface Running {
  seen: number
  dropped: number
  hash: bigint
  readonly dropBits: number
  /** How many rows failed with these bits. */
  readonly failures: Map<number, number>
}

interface Tallies {
  readonly running: Map<number, Running>
  next: number
}

const FUNCTION = 'millrace_tally'

const perEngine = new WeakMap<DuckDB, Promise<Tallies>>()

export async function beginTally(engine: DuckDB, dropBits: number): Promise<Tally> {
  const tallies = await (perEngine.get(engine) ?? register(engine))
  const id = tallies.next++
  const tally: Running = { seen: 0, dropped: 0, hash: 0n, dropBits, failures: new Map() }
  tallies.running.set(id, tally)
  return {
    where: (hash, failed) => `${FUNCTION}(${id}, ${hash}, ${failed})`,
    get seen() {
      return tally.seen
    },
    get dropped() {
      return tally.dropped
    },
    get hash() {
      return tally.hash
    },
    failed: (expectation) =>
      [...tally.failures].reduce((sum, [bits, rows]) => (bits & (1 << expectation) ? sum + rows : sum), 0),
    end: () => tallies.running.delete(id),
  }
}

function register(engine: DuckDB): Promise<Tallies> {
  const registered = (async () => {
    const tallies: Tallies = { running: new Map(), next: 0 }
    const connection = await engine.connect()
    connection.registerScalarFunction(tallyFunction(tallies))
    connection.closeSync()
    return tallies
  })()
  perEngine.set(engine, registered)
  return registered
}

function tallyFunction({ running }: Tallies): DuckDBScalarFunction {
  return DuckDBScalarFunction.create({
    name: FUNCTION,
    parameterTypes: [INTEGER, UBIGINT, INTEGER],
    returnType: BOOLEAN,
    volatile: true,
    mainFunction: (_info, rows, stays) => {
      const ids = rows.getColumnVector(0)
      const hashes = rows.getColumnVector(1)
      const failed = rows.getColumnVector(2)
      const tally = running.get(Number(ids.getItem(0)))
      for (let row = 0; row < rows.rowCount; row++) {
        const bits = Number(failed.getItem(row))
        stays.setItem(row, tally === undefined || add(tally, hashes.getItem(row) as bigint, bits))
      }
      stays.flush()
    },
  })
}

function add(tally: Running, hash: bigint, failed: number): boolean {
  tally.seen++
  if (failed !== 0) tally.failures.set(failed, (tally.failures.get(failed) ?? 0) + 1)
  if (failed & tally.dropBits) {
    tally.dropped++
    return false
  }
  tally.hash = BigInt.asUintN(64, tally.hash + hash)
  return true
}
