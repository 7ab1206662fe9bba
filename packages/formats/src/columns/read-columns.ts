import { endBefore, type JoinedValues } from '@millrace/base'
import type { Column, RowGroup } from '../block-columns.ts'
import type { ReadMessages, RejectedMessage } from '../format.ts'
import { JsonWriter } from '../transcode/json-writer.ts'
import { endOfPortion } from '../transcode/portions.ts'
import { Undecodable } from '../transcode/undecodable.ts'
import { placeMessages, releaseMemory } from '../transcode/work-memory.ts'
import { COUNT_BYTES, copyPages, gather } from './gather.ts'
import { createLayouts, type Layouts } from './layouts.ts'
import { linesOf } from './lines.ts'
import { pageMemory } from './page-memory.ts'
import { RowNotes } from './row-notes.ts'

/** What reads records of one schema into columns. */
export interface RecordPlan<R> {
  readonly columns: readonly Column[]
  /** Reads the record that ends at `end`, and notes its values. Throws why it is not of the schema. */
  note(from: R, end: number, to: JsonWriter, row: RowNotes): void
}

/** Messages that are read through `from`. */
interface OpenedMessages<R> {
  readonly from: R
  /** Reads what stands before a message's record; returns what reads the record, or why the message is rejected. */
  planOf(start: number, end: number): RecordPlan<R> | string
}

/** Opens bytes of messages one after another; what it returns reads them until others are opened. */
type OpenMessages<R> = (bytes: Uint8Array) => OpenedMessages<R>

const LONGEST_RECORD = 32 << 20

/** Messages that are read at a time have notes of so many bytes, and more only where one of them needs more. */
const PORTION_ROWS = 8192
const NOTES_BYTES = 1 << 20
/** Records of many columns take more: a group of few rows costs the engine as much for each column as one of many. */
const WIDE_ROWS = 1024
const MOST_NOTES_BYTES = 16 << 20
/** Room for the tables by which schemas are read. */
const TABLE_BYTES = 64 << 10

interface Block<R> {
  readonly messages: JoinedValues
  /** The format's name, which reasons have. */
  readonly format: string
  readonly open: OpenMessages<R>
  readonly layouts: Layouts<RecordPlan<R>>
  readonly rejected: RejectedMessage[]
  longest: number
}

/** Reads a block of messages of a binary format into columns. */
export function readColumns<R>(messages: JoinedValues, format: string, open: OpenMessages<R>): ReadMessages {
  const block: Block<R> = { messages, format, open, layouts: createLayouts(), rejected: [], longest: 0 }
  const memory = pageMemory()
  const groups: RowGroup[] = []
  for (let first = 0; first < messages.count; ) {
    const portion = openPortion(block, first)
    const { rows, next } = noteRows(block, portion)
    const { good, gathered } = gatherGood(block, portion, rows)
    if (good.index.length > 0) groups.push({ ...good, pages: copyPages(gathered, good.index.length, memory) })
    releaseMemory()
    first = next
  }
  const { layouts, rejected, longest } = block
  const { release, isReleased } = memory
  const columns = { columns: layouts.columns, layouts: layouts.places, groups, longest, release, isReleased }
  return { columns, lines: linesOf(columns, messages.count), rejected: rejected.sort((a, b) => a.index - b.index) }
}

/** Some messages of the block in the memory, and where their values are noted. */
interface Portion<R> {
  readonly opened: OpenedMessages<R>
  readonly first: number
  readonly end: number
  /** Where the portion begins in the block's bytes. */
  readonly begin: number
  /** There is room for so many columns and rows. */
  readonly columns: number
  readonly rows: number
  readonly notes: RowNotes
  readonly to: JsonWriter
  /** A place for what is counted. */
  readonly counts: number
}

function openPortion<R>({ messages, layouts, open }: Block<R>, first: number): Portion<R> {
  const end = endOfPortion(messages, first, PORTION_ROWS)
  const begin = endBefore(messages.ends, first)
  const columns = layouts.columns.length
  const rowBytes = 8 * Math.max(1, columns)
  const room = Math.max(NOTES_BYTES, rowBytes, Math.min(MOST_NOTES_BYTES, rowBytes * Math.min(end - first, WIDE_ROWS)))
  const bytes = messages.bytes.subarray(begin, endBefore(messages.ends, end))
  const { there, behind } = placeMessages(bytes, room + COUNT_BYTES + TABLE_BYTES)
  const rows = Math.floor(room / rowBytes)
  const tables = new DataView(there.buffer, behind + room + COUNT_BYTES, TABLE_BYTES)
  const places = new Int32Array(there.buffer, behind, room >> 2)
  const notes = new RowNotes(places, rowBytes, Math.min(rows, end - first), tables)
  const to = new JsonWriter(1 << 16)
  return { opened: open(there), first, end, begin, columns, rows, notes, to, counts: behind + room }
}

/** Gathers the values of the rows; those with a text that is not UTF-8 are rejected. */
function gatherGood<R>({ rejected, format }: Block<R>, { notes, to, columns, counts }: Portion<R>, rows: Rows) {
  const room = { free: to.placeOf(to.at), counts }
  const all = gather(notes, rows.index.length, columns, room)
  const { bad } = all
  if (bad.size === 0) return { good: rows, gathered: all }
  for (const row of bad) rejected.push({ index: rows.index[row] as number, reason: notOfSchema(format, NO_TEXT) })
  const kept = [...rows.index.keys()].filter((row) => !bad.has(row))
  notes.keep(kept)
  const good = {
    index: Int32Array.from(kept, (row) => rows.index[row] as number),
    layout: Int32Array.from(kept, (row) => rows.layout[row] as number),
  }
  return { good, gathered: gather(notes, kept.length, columns, room) }
}

const NO_TEXT = 'a text is not UTF-8'

type Rows = Pick<RowGroup, 'index' | 'layout'>

/** Reads the portion's messages, up to one that has columns which those before it have not. */
function noteRows<R>(block: Block<R>, portion: Portion<R>): { readonly rows: Rows; readonly next: number } {
  const { ends } = block.messages
  const { to, notes, begin, first, end: last } = portion
  const [index, layout] = [new Int32Array(last - first), new Int32Array(last - first)]
  let [rows, next] = [0, first]
  for (; next < last && rows < portion.rows; next++) {
    const before = to.at
    const end = ends[next] as number
    const outcome =
      end < 0 ? 'tombstone: no value' : noteRow(block, portion, endBefore(ends, next) - begin, end - begin, rows)
    if (outcome === undefined) break
    if (typeof outcome === 'string') {
      to.at = before
      notes.clear(rows)
      block.rejected.push({ index: next, reason: outcome })
    } else {
      index[rows] = next
      layout[rows++] = outcome
    }
  }
  return { rows: { index: index.slice(0, rows), layout: layout.slice(0, rows) }, next }
}

/** Returns the row's layout, or why its message is rejected; undefined where it has columns that there is no room for. */
function noteRow<R>(
  block: Block<R>,
  { opened: { from, planOf }, columns, notes, to }: Portion<R>,
  start: number,
  end: number,
  row: number,
): number | string | undefined {
  const { layouts, format } = block
  try {
    const plan = planOf(start, end)
    if (typeof plan === 'string') return plan
    const layout = layouts.of(plan)
    if (layouts.columns.length > columns) return undefined
    const before = to.at
    notes.begin(row, layouts.places[layout] as Int32Array)
    plan.note(from, end, to, notes)
    const [size, written] = [end - start, to.at - before]
    if (Math.max(size, written) > LONGEST_RECORD) return 'too large: it has more than 32 MiB'
    block.longest = Math.max(block.longest, size + written)
    return layout
  } catch (error) {
    if (error instanceof Undecodable) return notOfSchema(format, error.message)
    throw error
  }
}

function notOfSchema(format: string, why: string): string {
  return `not ${format} of its schema: ${why}`
}
