import { BOOLEAN, type DuckDBConnection, DuckDBScalarFunction, INTEGER, UBIGINT } from '@duckdb/node-api'
import { type Calls, type DuckDB, expectCalls, vectorBytes } from '@millrace/lake'

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
  readonly calls: Calls
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

export async function beginTally(engine: DuckDB, connection: DuckDBConnection, dropBits: number): Promise<Tally> {
  const tallies = await (perEngine.get(engine) ?? register(engine))
  const id = tallies.next++
  const tally: Running = {
    seen: 0,
    dropped: 0,
    hash: 0n,
    calls: expectCalls(connection),
    dropBits,
    failures: new Map(),
  }
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
      const count = rows.rowCount
      const [ids, hashes, failures] = [vectorBytes(rows, 0, 4), vectorBytes(rows, 1, 8), vectorBytes(rows, 2, 4)]
      const failed = new Int32Array(failures.buffer, failures.byteOffset, count)
      const tally = running.get(new Int32Array(ids.buffer, ids.byteOffset, count)[0] ?? -1)
      if (tally) add(tally, new Uint32Array(hashes.buffer, hashes.byteOffset, 2 * count), failed)
      const dropBits = tally?.dropBits ?? 0
      for (const [row, bits] of failed.entries()) stays.setItem(row, (bits & dropBits) === 0)
      stays.flush()
    },
  })
}

/** `hashes` are halves, the lower one first. */
function add(tally: Running, hashes: Uint32Array, failed: Int32Array): void {
  let [lower, upper] = [0, 0]
  tally.calls.last = performance.now()
  for (const [row, bits] of failed.entries()) {
    tally.seen++
    if (bits !== 0) tally.failures.set(bits, (tally.failures.get(bits) ?? 0) + 1)
    if (bits & tally.dropBits) {
      tally.dropped++
    } else {
      lower += hashes[2 * row] ?? 0
      upper += hashes[2 * row + 1] ?? 0
    }
  }
  tally.hash = BigInt.asUintN(64, tally.hash + BigInt(lower) + (BigInt(upper) << 32n))
}
