import { joinValues, MillraceError, systemRuntime, valueAt } from '@millrace/base'
import {
  type Format,
  type FormatContext,
  openFormat,
  type RecordShape,
  shapeOfRecords,
  shapeOfTopic,
  typedFields,
} from '@millrace/formats'
import type { StreamOptions } from '@millrace/stream'
import { checkDescription, type Dataset, describeShape, type InferredDataset, wantedBefore } from '@millrace/transform'
import { openSource, type Source } from '@millrace/transport'
import { sampleOf } from '../dev/sample.ts'

/** Where a topic and what is known of it are. */
export interface InferredFrom {
  readonly source: string
  readonly topic: string
  readonly formats: FormatContext
}

/** Infers data sets of many topics; their source is opened once. */
export interface Inferrer extends AsyncDisposable {
  /** Returns undefined while nothing is known of the topic's records. */
  inferDataset(topic: string, signal: AbortSignal): Promise<InferredDataset | undefined>
  /** Returns what infers the data set of a worker's route from the first of its topics. */
  inferRoute(signal: AbortSignal): NonNullable<StreamOptions['inferDataset']>
}

export function openInferrer(address: string, formats: FormatContext): Inferrer {
  let source: Promise<Source> | undefined
  const infer = async (topic: string, signal: AbortSignal, ofSample: (shape: RecordShape) => RecordShape) => {
    const sample = async (most: number, format: Format) =>
      sampleMessages(await open(), { address, topic, format }, most, signal)
    const registered = await shapeOfTopic(
      topic,
      formats,
      async () => (await sample(1, openFormat('protobuf', formats)))[0],
    )
    const format = registered?.format ?? 'json'
    const records = async (of: Format) => recordsOf(await sample(SAMPLE_RECORDS, of), of)
    const shape = registered?.shape ?? ofSample(shapeOfRecords(await records(openFormat(format, formats))))
    return Object.keys(shape.fields).length > 0 ? describeShape(shape, { topic, format }) : undefined
  }
  return {
    inferDataset: (topic, signal) => infer(topic, signal, (shape) => shape),
    inferRoute:
      (signal) =>
      async ({ dataset, topics: [topic = dataset] }) => {
        const inferred = await infer(topic, signal, typedSample)
        return inferred && asDataset(dataset, inferred, formats)
      },
    async [Symbol.asyncDispose]() {
      await (await source?.catch(() => undefined))?.close()
    },
  }

  function open(): Promise<Source> {
    source ??= openSource(address, systemRuntime).catch((error: unknown) => {
      source = undefined
      throw error
    })
    return source
  }
}

/** Leaves out what has no type in the sample: it becomes a column with its first value. Without any, all are texts. */
function typedSample(shape: RecordShape): RecordShape {
  const typed = typedFields(shape)
  return Object.keys(typed.fields).length === 0 ? shape : typed
}

const SAMPLE_RECORDS = 1000
/** Several topics are looked at together. */
const [SAMPLE_BYTES, SAMPLED_AT_ONCE] = [8 << 20, 50]

/**
 * Infers a data set from the registry's schema of the topic's values; without one, or where that says nothing of fields,
 * from the topic's first records, which are JSON then.
 */
export async function inferDataset(
  { source, topic, formats }: InferredFrom,
  signal: AbortSignal,
): Promise<InferredDataset> {
  await using inferrer = openInferrer(source, formats)
  const inferred = await inferrer.inferDataset(topic, signal)
  if (inferred) return inferred
  throw new MillraceError('DATASET_INVALID', `nothing says what the records of topic ${topic} are`, {
    next: 'Send records of JSON to the topic, or register a schema for it and name the registry.',
  })
}

/** Returns the values of so many first messages of a topic that have one. */
async function sampleMessages(
  source: Source,
  { address, topic, format }: { readonly address: string; readonly topic: string; readonly format: Format },
  most: number,
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const route = { topics: [topic], takes: () => true, wants: { before: wantedBefore({ format }) } }
  const sample = await sampleOf(source, address, route, 'earliest')
  const values: Uint8Array[] = []
  for (let bytes = 0; values.length < most && bytes < SAMPLE_BYTES; ) {
    const more = await sample.next(Math.min(SAMPLED_AT_ONCE, most - values.length), signal, false)
    if (more.length === 0) break
    values.push(...more.flatMap(({ value }) => value ?? []))
    bytes += more.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)
  }
  return values
}

async function recordsOf(values: readonly Uint8Array[], format: Format): Promise<unknown[]> {
  const { lines } = await format.read(joinValues(values))
  return Array.from({ length: lines.count }, (_, i) => parsed(valueAt(lines, i))).flat()
}

function parsed(line: Uint8Array | null): unknown {
  try {
    return line === null ? null : JSON.parse(Buffer.from(line).toString())
  } catch {
    return null
  }
}

/** Returns an inferred data set as the worker takes it. */
function asDataset(name: string, inferred: InferredDataset, formats: FormatContext): Dataset {
  const { description, sql, shape } = inferred
  return {
    name,
    ...checkDescription(description, name, formats),
    sql,
    inferred: shape,
  }
}

/** Returns the files of an inferred data set's folder; what its fixtures become is not among them. */
export function datasetFiles({
  description,
  sql,
  example,
  rejected,
}: InferredDataset): Readonly<Record<string, string>> {
  return {
    'dataset.json': `${JSON.stringify(description, undefined, 2)}\n`,
    'clean.sql': sql,
    'fixtures/usual.jsonl': `${JSON.stringify(example)}\n`,
    'fixtures/rejected.jsonl': rejected ? `${JSON.stringify(rejected)}\n` : 'not a record\n',
  }
}
