import { openLake } from '@millrace/store'
import {
  type ArchiveStep,
  archiveWriter,
  type Block,
  type Claims,
  type Packed,
  type Partition,
  pack,
  parseArchiveAddress,
  partitionKey,
} from '@millrace/transport'
import type { CleanedBatch } from '../cleaned-batch.ts'
import type { OpenOutput, Output, OutputContext, Prepared, StoredAdvance } from '../output.ts'

interface PreparedFiles extends Prepared {
  readonly batch: CleanedBatch
  readonly packed: ReadonlyMap<string, Packed>
  readonly claims: Claims
}

export const openArchive: OpenOutput = async (context) => {
  const { place } = parseArchiveAddress(context.address)
  return archiveOutput(await openLake(place, { runtime: context.machine.runtime }), context)
}

/**
 * Stores the messages of each partition unchanged, in files laid out as by Kafka Connect's S3 sink. A partition's file
 * and its progress are one object; a commit that is killed half-way may have advanced only some of its partitions.
 */
export function archiveOutput(store: Parameters<typeof archiveWriter>[0], context: OutputContext): Output {
  const { address, table, dataset, group, machine } = context
  const { codec } = parseArchiveAddress(address)
  const writer = archiveWriter(store, { pipeline: group, dataset: dataset.name }, machine.runtime)
  const name = `archive of ${table}`
  return {
    name,
    begin: (partitions) => writer.begin(partitions),
    async prepare(batch): Promise<PreparedFiles> {
      const byPartition = Map.groupBy(batch.messages, ({ partition }) => partitionKey(partition))
      const packing = [...byPartition].map(
        async ([key, blocks]: [string, readonly Block[]]) => [key, await pack(blocks, codec)] as const,
      )
      const packed = new Map((await Promise.all(packing)).flatMap(([key, each]) => (each ? [[key, each]] : [])))
      const fileBytes = [...packed.values()].reduce((sum, { bytes }) => sum + bytes.length, 0)
      const claims = { id: machine.runtime.uuid(), byPartition: new Map() }
      return { batch, packed, claims, files: packed.size, fileBytes, isEmpty: packed.size === 0 }
    },
    // The file is the commit: it can be written at its turn alone.
    upload: async () => {},
    async commit(prepared, advances) {
      const files = prepared as PreparedFiles | undefined
      const steps = advances.map((advance) => stepOf(advance, files))
      const claims = files?.claims ?? { id: machine.runtime.uuid(), byPartition: new Map() }
      if (!(await writer.commit(steps, claims))) return { outcome: 'fenced' }
      return { outcome: 'committed', version: writer.totals().files }
    },
    maintenance: [],
    describe() {
      const { files, bytes, records } = writer.totals()
      return { table: name, version: files, files, bytes, rows: records }
    },
    close: async () => {},
  }
}

function stepOf({ partition, from, to }: StoredAdvance, files: PreparedFiles | undefined): ArchiveStep {
  const packed = files?.packed.get(partitionKey(partition))
  const begins = from === undefined && files ? beginOf(files.batch, partition) : undefined
  return { partition, from, to, ...(packed && { packed }), ...(begins && { begins }) }
}

/** Returns where the batch begins in a partition of which nothing is stored yet. */
function beginOf({ advances }: CleanedBatch, { topic, id }: Partition) {
  return advances.find(({ partition }) => partition.topic === topic && partition.id === id)?.from
}
