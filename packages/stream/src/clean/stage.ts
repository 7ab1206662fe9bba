import { type Runtime, valueAt } from '@millrace/base'
import type { StagedFile } from '@millrace/delta'
import type { DuckDB } from '@millrace/engine'
import type { Cleaner, CleanReport, Dataset } from '@millrace/transform'
import { type Block, partitionKey } from '@millrace/transport'
import type { Batch } from '../intake/batch.ts'
import { printable } from '../quarantine/printable.ts'
import { type QuarantinedRecord, stageQuarantine } from '../quarantine/quarantine.ts'
import { type LedgerEntry, ledgerEntry } from '../tables/ledger.ts'
import type { PipelineTables } from '../tables/tables.ts'
import type { RefusedSample } from '../telemetry.ts'
import { type Sieve, type Sifted, siftBlock } from './sift.ts'

/** A batch cleaned and written to this machine, ready to go up. */
export interface StagedBatch {
  readonly files: readonly StagedFile[]
  readonly badFiles: readonly StagedFile[]
  readonly ledger: readonly LedgerEntry[]
  readonly report: CleanReport
  /** Of each record that went to the quarantine. */
  readonly reasons: readonly string[]
  /** Some of the refused ones, for people. Their blocks' bytes may be gone already. */
  readonly samples: readonly RefusedSample[]
}

export interface StageParts {
  readonly dataset: Dataset
  readonly tables: PipelineTables
  readonly group: string
  readonly engine: DuckDB
  readonly cleaner: Cleaner
  readonly workFolder: string
  readonly runtime: Runtime
}

export async function stageBatch(batch: Batch, sieve: Sieve, parts: StageParts): Promise<StagedBatch> {
  const { dataset, tables, workFolder, runtime } = parts
  const sifted = batch.blocks.map((block) => siftBlock(block, sieve))
  const blocks = sifted.map(({ block }) => block)
  const target = { snapshot: tables.anchor.snapshot() }
  const nameOf = (block: number, index: number) => recordName(blocks[block] as Block, index)
  const { files, report } = await parts.cleaner.cleanIntoFiles(dataset, blocks, target, nameOf)
  const bad = [
    ...batch.blocks.flatMap((block, i) => straysOf(block, sifted[i], parts.group)),
    ...report.rejected.map(({ block, index, reason }) => {
      const of = blocks[block] as Block
      return { ...placeOf(of, index, parts.group), reason, state: 'bad' as const, value: valueAt(of, index) }
    }),
  ]
  const badFiles = bad.length === 0 ? [] : [await stageQuarantine(bad, parts.engine, workFolder, runtime)]
  runtime.crashPoint('staged')
  const reasons = bad.map(({ reason }) => reason)
  const samples = bad.slice(0, SAMPLES).map(sampleOf)
  return { files, badFiles, ledger: ledgerOf(batch, sifted, report), report, reasons, samples }
}

const SAMPLES = 3

function sampleOf({ topic, partition, offset, reason, value }: QuarantinedRecord): RefusedSample {
  return { topic, partition, offset, reason, value: value && printable(value) }
}

function straysOf(block: Block, sifted: Sifted | undefined, pipeline: string): QuarantinedRecord[] {
  const strays = sifted?.strays ?? []
  return strays.map(({ index, reason, value }) => {
    return { ...placeOf(block, index, pipeline), reason, state: 'stray', value }
  })
}

function placeOf(block: Block, index: number, pipeline: string) {
  const { topic, identity, id } = block.partition
  const [offset, time] = [String(block.offsets[index]), block.times[index] ?? 0]
  return { pipeline, topic, identity, partition: id, offset, time }
}

function recordName(block: Block, index: number): string {
  return `${partitionKey(block.partition)} at ${block.offsets[index]}`
}

/** The account of each partition. The hash is that of the whole commit's rows: it stands with the first entry. */
function ledgerOf(batch: Batch, sifted: readonly Sifted[], report: CleanReport): LedgerEntry[] {
  const badOf = new Map<number, number>()
  for (const { block } of report.rejected) badOf.set(block, (badOf.get(block) ?? 0) + 1)
  return batch.advances.map((advance, i) => {
    const sum = (count: (sifted: Sifted, block: number) => number) =>
      sifted.reduce((total, each, at) => total + (each.block.partition === advance.partition ? count(each, at) : 0), 0)
    const entry = ledgerEntry(advance, {
      quarantined: sum(({ known, strays }, block) => known + strays.length + (badOf.get(block) ?? 0)),
      filtered: sum((_, block) => report.filtered[block] ?? 0),
      elsewhere: sum(({ elsewhere }) => elsewhere),
      repeated: sum(({ repeated }) => repeated),
    })
    return { ...entry, hash: i === 0 ? String(report.hash) : '0' }
  })
}
