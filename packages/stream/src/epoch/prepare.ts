import type { Machine } from '@millrace/engine'
import {
  type BatchReport,
  cleanedBatch,
  type PipelineOutputs,
  type PreparedBatch,
  printable,
  type RejectedRecord,
} from '@millrace/outputs'
import { type Cleaner, type Dataset, reasonKind } from '@millrace/transform'
import type { Source } from '@millrace/transport'
import type { Batch } from '../intake/batch.ts'
import { type Selection, selectRecords } from '../intake/select.ts'
import type { RejectedSample } from '../telemetry.ts'

/** A batch that the outputs have prepared, with the summary to report when it is committed. */
export interface ReadyBatch {
  readonly prepared: PreparedBatch
  readonly summary: BatchSummary
}

/** Summary of a batch. It refers to none of the batch's bytes, as they are overwritten by then. */
export interface BatchSummary {
  readonly rows: number
  readonly filtered: number
  /** By kind: an error that SQL raises names values of its record. */
  readonly reasons: ReadonlyMap<string, number>
  readonly samples: readonly RejectedSample[]
  readonly unknown: BatchReport['unknown']
}

interface PreparedFor {
  readonly outputs: PipelineOutputs
  readonly dataset: Dataset
  readonly group: string
  readonly source: Source
}

export async function prepareBatch(
  batch: Batch,
  selection: Selection,
  { outputs, dataset, group, source }: PreparedFor,
  cleaner: Cleaner,
  machine: Machine,
): Promise<ReadyBatch> {
  const evolvesInto = outputs.evolving()
  const positionOf = (name: bigint | string) => source.positionOf(name)
  const purpose = { dataset, group, positionOf, ...(evolvesInto && { evolvesInto }) }
  const selected = batch.blocks.map((block) => selectRecords(block, selection))
  const cleaned = cleanedBatch(selected, batch.advances, purpose, cleaner, machine)
  const prepared = await outputs.prepare(cleaned)
  const summary = outputs.take === 'messages' ? allTaken(batch) : summaryOf(await cleaned.report())
  return { prepared, summary }
}

/** Where the messages are stored as they are, none is looked at. */
function allTaken({ records }: Batch): BatchSummary {
  return { rows: records, filtered: 0, reasons: new Map(), samples: [], unknown: { looked: 0, names: new Map() } }
}

const SAMPLES = 3

function summaryOf({ rows, filtered, rejected, unknown }: BatchReport): BatchSummary {
  const [reasons, samples]: [Map<string, number>, RejectedSample[]] = [new Map(), []]
  for (const record of rejected) {
    const kind = reasonKind(record.reason)
    reasons.set(kind, (reasons.get(kind) ?? 0) + 1)
    if (samples.length < SAMPLES) samples.push(sampleOf(record))
  }
  return { rows, filtered, reasons, unknown, samples }
}

function sampleOf({ topic, partition, offset, reason, value }: RejectedRecord): RejectedSample {
  return { topic, partition, offset, reason, value: value && printable(value) }
}
