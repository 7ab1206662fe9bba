import type { Json } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import type { Output, Prepared, Row, StoredAdvance } from '@millrace/outputs'
import { type Partition, type Position, samePosition } from '@millrace/transport'
import type { OpenOptions, StoreFaults } from './contract.ts'

/** What several opened outputs share: the state as of a version, replaced by whoever knows the version (else: 412). */
export interface MemoryPlace {
  state: State
}

interface State {
  readonly version: number
  readonly rows: readonly Row[]
  /** By pipeline and partition. */
  readonly progress: ReadonlyMap<string, Stored>
}

interface Stored {
  readonly identity: string
  readonly position: Position
}

export const emptyPlace = (): MemoryPlace => ({ state: { version: 0, rows: [], progress: new Map() } })

interface PreparedRows extends Prepared {
  readonly rows: readonly Row[]
}

/**
 * An output in memory whose store fails as real ones do: it refuses, answers too late or not at all after it has done
 * what was asked, and answers 412 to whoever writes on an old version.
 */
export function memoryOutput(place: MemoryPlace, { dataset, group, machine, faults }: OpenOptions): Output {
  const { runtime } = machine
  const store = failingStore(place, faults)
  let size = place.state
  const key = ({ topic, id }: Partition) => JSON.stringify([group, topic, id])
  return {
    name: dataset.name,
    async begin(partitions) {
      const state = await store.read()
      size = state
      const positions = new Map<Partition, Position>()
      const topics = new Set([...state.progress.keys()].map((each) => topicOf(each)))
      for (const partition of partitions) {
        const found = state.progress.get(key(partition))
        if (found && found.identity !== partition.identity) {
          throw new MillraceError('SOURCE_CHANGED', `${partition.topic} is another one than before`)
        }
        if (found) positions.set(partition, found.position)
      }
      const ofKnownTopics = partitions.filter(({ topic }) => topics.has(JSON.stringify([group, topic])))
      return { positions, ofKnownTopics: new Set(ofKnownTopics) }
    },
    async prepare(batch): Promise<PreparedRows> {
      const rows = (await Array.fromAsync(batch.rows())).flat()
      runtime.crashPoint('rows prepared')
      return { rows, files: 0, fileBytes: 0, isEmpty: rows.length === 0 }
    },
    upload: async () => {},
    async commit(prepared, advances) {
      const { rows } = (prepared as PreparedRows | undefined) ?? { rows: [] }
      for (;;) {
        const state = await store.read()
        if (!advances.every((each) => startsHere(state, key(each.partition), each))) return { outcome: 'fenced' }
        const moved = advances.map(({ partition, to }) => {
          return [key(partition), { identity: partition.identity, position: to }] as const
        })
        const progress = new Map([...state.progress, ...moved])
        const next = { version: state.version + 1, rows: [...state.rows, ...rows], progress }
        runtime.crashPoint('before the write')
        // A lost answer is an error here: the call that is made again finds the position moved.
        if ((await store.replace(state.version, next)) === 412) continue
        runtime.crashPoint('after the write')
        size = next
        return { outcome: 'committed', version: next.version }
      }
    },
    maintenance: [],
    describe: () => ({ table: dataset.name, version: size.version, files: 0, bytes: 0, rows: size.rows.length }),
    close: async () => {},
  }
}

function topicOf(key: string): string {
  const [group, topic] = JSON.parse(key) as Json[]
  return JSON.stringify([group ?? null, topic ?? null])
}

function startsHere({ progress }: State, key: string, { from }: StoredAdvance): boolean {
  return samePosition(progress.get(key)?.position, from)
}

function failingStore(place: MemoryPlace, faults: StoreFaults) {
  let calls = 0
  let late: (() => void)[] = []
  const call = async <T>(work: () => T): Promise<T> => {
    const fault = faults(calls++)
    for (const write of late.splice(0)) write()
    if (fault === 'slow') await new Promise(setImmediate)
    if (fault === 'refused') throw new MillraceError('STORE_FAILED', 'the store is busy')
    if (fault === 'late') {
      late = [work]
      throw new MillraceError('STORE_FAILED', 'no answer in time')
    }
    const answer = work()
    if (fault === 'answer lost') throw new MillraceError('STORE_FAILED', 'the connection broke')
    return answer
  }
  return {
    read: () => call(() => place.state),
    replace: (version: number, next: State) =>
      call(() => {
        if (place.state.version !== version) return 412
        place.state = next
        return 200
      }),
  }
}
