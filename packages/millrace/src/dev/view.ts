import { nearest, valueAt } from '@millrace/base'
import type { Machine } from '@millrace/engine'
import type { FormatContext } from '@millrace/formats'
import { type Dataset, loadDataset } from '@millrace/transform'
import { type Outcome, openRecordCleaner } from '../testing/clean-each.ts'
import { asLines, blockOf, type Message, recordsOf } from '../testing/messages.ts'
import { reasonInWords } from '../testing/reasons.ts'

/** A record of the sample, and what became of it. */
export interface ViewedRecord {
  /** Its place in the sample, from 1; of several records in one message `3.2`. */
  readonly name: string
  readonly raw: string
  readonly outcome: Outcome | undefined
  /** Why it was rejected, with what the data set says of it. */
  readonly reason: string | undefined
}

/** All that is shown of a data set and a sample. */
export interface View {
  readonly records: readonly ViewedRecord[]
  /** Why nothing could be cleaned: an error of the data set, with its place. */
  readonly problem: string | undefined
  /** What is probably not meant, though it is no error. */
  readonly notes: readonly string[]
}

/** What is looked at. */
export interface Subject {
  readonly dataset: string
  readonly datasetFolders: readonly string[]
  /** What formats read messages of a source with. Undefined where the messages are lines of JSON whatever the format. */
  readonly formats: FormatContext | undefined
}

/** Loads the data set anew and cleans the messages with it. */
export async function viewOf(subject: Subject, messages: readonly Message[], machine: Machine): Promise<View> {
  const connection = await machine.engine.connect()
  try {
    const dataset = await loaded(subject)
    const records = recordsOf(messages, dataset)
    const cleaner = await openRecordCleaner(dataset, machine, connection)
    // Without a record the SQL is checked all the same.
    await cleaner.together([])
    const outcomes = await cleaner.each(records)
    const raws = await Promise.all(records.map((record) => rawOf(record, dataset)))
    const viewed = records.map(({ number, place }, i): ViewedRecord => {
      const [raw = '', outcome] = [raws[i], outcomes[i]]
      const of = place === undefined ? String(number) : `${number}.${place}`
      const rejected = outcome?.rejected
      return { name: of, raw, outcome, reason: rejected && reasonInWords(rejected, dataset, raw) }
    })
    return { records: viewed, problem: undefined, notes: notesOn(viewed, dataset) }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const raw = messages.map(({ value }, i) => ({
      name: String(i + 1),
      raw: textOf(value),
      outcome: undefined,
      reason: undefined,
    }))
    return { records: raw, problem: error.message, notes: [] }
  } finally {
    connection.closeSync()
  }
}

async function loaded({ dataset: name, datasetFolders, formats }: Subject): Promise<Dataset> {
  const dataset = await loadDataset(name, datasetFolders, formats)
  return formats === undefined ? asLines(dataset) : dataset
}

/** Returns a record as text: of a binary format what it reads of it, or its first bytes. */
async function rawOf(record: Message, { format }: Dataset): Promise<string> {
  if (!format.isBinary || record.value === null) return textOf(record.value)
  const { lines } = await format.read(blockOf([record]))
  const line = valueAt(lines, 0)
  return line ? textOf(line) : `0x${Buffer.from(record.value.subarray(0, SHOWN_BYTES)).toString('hex')}`
}

const SHOWN_BYTES = 64

function textOf(bytes: Uint8Array | null): string {
  return bytes === null ? '(no value)' : Buffer.from(bytes).toString('utf8')
}

/** Says what all records have in common and probably should not. */
function notesOn(records: readonly ViewedRecord[], dataset: Dataset): string[] {
  const looked = records.flatMap(({ outcome }) => outcome ?? [])
  if (looked.length === 0) return []
  return [...fieldNotes(records, dataset), ...expectationNotes(looked, dataset), ...columnNotes(looked, dataset)]
}

function fieldNotes(records: readonly ViewedRecord[], { fields, format }: Dataset): string[] {
  const counts = new Map<string, number>()
  for (const { outcome } of records)
    for (const name of outcome?.unknown ?? []) counts.set(name, (counts.get(name) ?? 0) + 1)
  const known = fields.flatMap(({ name, aliases }) => [name, ...aliases])
  const unknown = [...counts].map(([name, count]) => {
    const meant = nearest(name, known)
    const hint = meant ? `: is it ${meant}? Add it to the aliases of that field.` : ': left out.'
    return `The field ${name} of ${count} of ${records.length} records is not in dataset.json${hint}`
  })
  if (!format.isJsonLines && !format.isBinary) return unknown
  const seen = new Set(records.flatMap(({ raw }) => keysOf(raw)))
  const absent = fields.filter(({ name, aliases }) => [name, ...aliases].every((each) => !seen.has(each)))
  return [
    ...unknown,
    ...absent.map(({ name }) => `The field ${name} of dataset.json is in none of ${records.length} records.`),
  ]
}

function expectationNotes(outcomes: readonly Outcome[], { expectations }: Dataset): string[] {
  return expectations.flatMap(({ name, predicate, otherwise }) => {
    const failed = outcomes.filter((outcome) => outcome.failed.includes(name)).length
    const asked = outcomes.filter(({ row, failed: those }) => row !== undefined || those.length > 0).length
    if (failed === 0 || failed < asked) return []
    return [`The expectation ${name} holds for none of ${asked} rows: ${predicate} (otherwise: ${otherwise})`]
  })
}

function columnNotes(outcomes: readonly Outcome[], { schema }: Dataset): string[] {
  const rows = outcomes.flatMap(({ row }) => (row === undefined ? [] : [row]))
  if (rows.length < 2) return []
  const empty = schema.fields.filter(({ name }) => rows.every((row) => (row[name] ?? null) === null))
  return empty.map(({ name }) => `The column ${name} is NULL in all ${rows.length} clean rows.`)
}

function keysOf(raw: string): string[] {
  try {
    const value: unknown = JSON.parse(raw)
    return typeof value === 'object' && value !== null ? Object.keys(value) : []
  } catch {
    return []
  }
}
