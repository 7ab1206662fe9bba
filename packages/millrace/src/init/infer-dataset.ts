import { joinValues, MillraceError, valueAt } from '@millrace/base'
import { type FormatContext, openFormat, shapeOfRecords, shapeOfTopic } from '@millrace/formats'
import { checkDescription, type Dataset, describeShape, type InferredDataset } from '@millrace/transform'
import { sampleOfSource } from '../dev/sample.ts'
import type { Message } from '../testing/messages.ts'

/** Where a topic and what is known of it are. */
export interface InferredFrom {
  readonly source: string
  readonly topic: string
  readonly formats: FormatContext
}

const SAMPLE_RECORDS = 1000

/**
 * Infers a data set from the registry's schema of the topic's values; without one, or where that says nothing of fields,
 * from the topic's first records, which are JSON then.
 */
export async function inferDataset(
  { source, topic, formats }: InferredFrom,
  signal: AbortSignal,
): Promise<InferredDataset> {
  const registered = await shapeOfTopic(topic, formats)
  const format = registered?.format ?? 'json'
  const shape = registered?.shape ?? shapeOfRecords(await sampleRecords({ source, topic, formats }, format, signal))
  if (Object.keys(shape.fields).length > 0) return describeShape(shape, { topic, format })
  throw new MillraceError('DATASET_INVALID', `nothing says what the records of topic ${topic} are`, {
    next: 'Send records of JSON to the topic, or register a schema for it and name the registry.',
  })
}

async function sampleRecords(from: InferredFrom, format: string, signal: AbortSignal): Promise<unknown[]> {
  const route = { topics: [from.topic], takes: () => true, wants: { keys: false, headers: false } }
  const sample = await sampleOfSource(from.source, route, 'earliest')
  const messages: Message[] = []
  try {
    for (;;) {
      const more = await sample.next(SAMPLE_RECORDS - messages.length, signal, false)
      messages.push(...more)
      if (more.length === 0 || messages.length >= SAMPLE_RECORDS) break
    }
  } finally {
    await sample.close()
  }
  const { lines } = await openFormat(format, from.formats).read(joinValues(messages.map(({ value }) => value)))
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
export function asDataset(name: string, inferred: InferredDataset, formats: FormatContext): Dataset {
  const { description, sql, shape } = inferred
  return {
    name,
    ...checkDescription({ ...description, onSchemaChange: 'evolve' }, name, formats),
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
