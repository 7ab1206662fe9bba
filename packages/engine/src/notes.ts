import { BIGINT, BOOLEAN, type DuckDBConnection, DuckDBScalarFunction } from '@duckdb/node-api'

/** The function that statements call with a place which they note. */
export const NOTE = 'millrace_note'

/** Places that statements note while they run, in a function which is one for all connections of an engine. */
export interface Notes {
  /** Runs work whose statements call NOTE(first + place), and returns the places, in order, each once. */
  collect(connection: DuckDBConnection, work: (first: bigint) => Promise<unknown>): Promise<number[]>
}

/** What NOTE gets: the number of the call, then the place in so many bits. */
const PLACE_BITS = 31n

/** `instanceOf` returns the engine that a connection is to. */
export function createNotes(instanceOf: (connection: DuckDBConnection) => object): Notes {
  const noted = new Map<number, Set<number>>()
  const registered = new WeakSet<object>()
  let calls = 0
  const note = (place: bigint) =>
    noted.get(Number(place >> PLACE_BITS))?.add(Number(BigInt.asUintN(Number(PLACE_BITS), place)))
  return {
    async collect(connection, work) {
      const instance = instanceOf(connection)
      if (!registered.has(instance)) connection.registerScalarFunction(noteFunction(note))
      registered.add(instance)
      const call = ++calls
      const places = new Set<number>()
      noted.set(call, places)
      try {
        await work(BigInt(call) << PLACE_BITS)
        return [...places].sort((a, b) => a - b)
      } finally {
        noted.delete(call)
      }
    },
  }
}

function noteFunction(note: (place: bigint) => void): DuckDBScalarFunction {
  return DuckDBScalarFunction.create({
    ...{ name: NOTE, parameterTypes: [BIGINT], returnType: BOOLEAN, volatile: true },
    mainFunction(_info, chunk, output) {
      const places = chunk.getColumnVector(0)
      for (let row = 0; row < chunk.rowCount; row++) {
        note(places.getItem(row) as bigint)
        output.setItem(row, true)
      }
      output.flush()
    },
  })
}
