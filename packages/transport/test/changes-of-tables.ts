import { joinValues, valueAt } from '@millrace/base'
import type { Block, Position, Source } from '@millrace/transport'

/** What the contract's suite asks of sources whose messages are changes of a table (id, value). */
export interface ReportedNames {
  /** By its row, the name of each record as a reader was given it. */
  readonly names: ReadonlyMap<bigint, string>
  /** Reads about so many changes from a place on, and keeps their names. */
  read(topic: string, from: Position, count: number): Promise<void>
}

interface Row {
  readonly after: { readonly id: string; readonly value: string | null }
}

const rowAt = (block: Block, i: number) => JSON.parse(Buffer.from(valueAt(block, i) ?? []).toString()) as Row

/** Hands over what the rows say in place of the messages about them. Beginning is where the table was made: in its log. */
export function saying(source: Source, begins: ReadonlyMap<string, Position>): Source {
  return {
    ...source,
    resolve: async (partition, start) =>
      (start === 'earliest' && begins.get(partition.topic)) || source.resolve(partition, start),
    async read(partition, from, options) {
      const block = await source.read(partition, from, options)
      const said = block && Array.from({ length: block.count }, (_, i) => rowAt(block, i).after.value)
      return said && { ...block, ...joinValues(said.map((text) => (text === null ? null : Buffer.from(text)))) }
    },
  }
}

export function readNames(reader: Source): ReportedNames {
  const names = new Map<bigint, string>()
  return {
    names,
    async read(topic, from, count) {
      const [partition] = await reader.partitions(topic)
      for (let at = from, found = 0; partition && found < count; ) {
        const block = await reader.read(partition, at, { maxBytes: 1 << 20, waitMs: 10_000 })
        for (let i = 0; block && i < block.count; i++)
          names.set(BigInt(rowAt(block, i).after.id), String(block.offsets[i]))
        found += block?.count ?? 0
        at = block?.to ?? at
      }
    },
  }
}

export async function latestOf(source: Source, topic: string): Promise<Position> {
  const [partition] = await source.partitions(topic)
  if (!partition) throw new Error(`there is no ${topic}`)
  return source.resolve(partition, 'latest')
}
