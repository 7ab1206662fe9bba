import { escapeControls } from '@millrace/base'
import stringWidth from 'string-width'
import { cut } from '../terminal/cut.ts'
import type { Style } from '../terminal/terminal.ts'
import { countsOf, outcomeText } from './lines.ts'
import type { View, ViewedRecord } from './view.ts'

export interface ScreenState {
  /** The data set, and where the sample is from. */
  readonly title: string
  readonly view: View
  /** Which of the records is shown in full. */
  readonly chosen: number
}

export interface ScreenSize {
  readonly width: number
  readonly height: number
}

type Paint = (style: Style, text: string) => string

const KEYS = 'q quit · ↑ ↓ choose · n next records · r from the first again'

/** Returns the lines of the screen: all records beside their rows, below them one in full, and what to mend. */
export function screenLines(state: ScreenState, size: ScreenSize, paint: Paint): string[] {
  const { view } = state
  const faults = faultLines(view, size.width, paint)
  const chosen = view.records[state.chosen]
  const detail = chosen === undefined ? [] : detailLines(chosen, size.width, paint)
  const room = Math.max(3, size.height - 3 - faults.length)
  const shownDetail = detail.slice(0, Math.max(0, Math.floor(room * 0.6)))
  const list = listLines(state, size.width, Math.max(1, room - shownDetail.length), paint)
  const head = paint('bold', cut(escapeControls(`${state.title} · ${countsOf(view)}`), size.width))
  const body = [head, '', ...list, ...shownDetail, ...faults]
  const keys = paint('dim', cut(KEYS, size.width))
  const filled = body.slice(0, size.height - 1)
  return [...filled, ...Array.from({ length: Math.max(0, size.height - 1 - filled.length) }, () => ''), keys]
}

function listLines({ view, chosen }: ScreenState, width: number, room: number, paint: Paint): string[] {
  const { records } = view
  const first = Math.max(0, Math.min(chosen - Math.floor(room / 2), records.length - room))
  const nameWidth = Math.max(1, ...records.map(({ name }) => name.length))
  const half = Math.floor((width - nameWidth - 6) / 2)
  return records.slice(first, first + room).map((record, i) => {
    const isChosen = first + i === chosen
    const raw = padded(record.raw, half)
    const text = cut(escapeControls(outcomeText(record)), half)
    const name = record.name.padStart(nameWidth)
    return `${isChosen ? paint('cyan', '›') : ' '} ${paint('dim', name)}  ${raw}  ${paint(colourOf(record), text)}`
  })
}

function colourOf({ outcome, reason }: ViewedRecord): Style {
  if (reason !== undefined) return 'red'
  return outcome?.row ? 'green' : 'yellow'
}

/** Returns the fields of a record on the left, and on the right the columns that they became. */
function detailLines(record: ViewedRecord, width: number, paint: Paint): string[] {
  const half = Math.floor((width - 4) / 2)
  const fields = pairsOf(parsed(record.raw)) ?? [record.raw]
  const became = becameOf(record, half)
  const rule = paint('dim', '─'.repeat(width))
  const heading = paint('bold', `  ${padded(`record ${record.name}`, half)}  ${became.heading}`)
  const lines = Array.from({ length: Math.max(fields.length, became.lines.length) }, (_, i) => {
    const text = cut(escapeControls(became.lines[i] ?? ''), half)
    return `  ${padded(fields[i] ?? '', half)}  ${paint(colourOf(record), text)}`
  })
  return [rule, heading, ...lines]
}

function becameOf(
  { outcome, reason }: ViewedRecord,
  width: number,
): { readonly heading: string; readonly lines: string[] } {
  if (reason !== undefined) return { heading: 'rejected', lines: wrapped(reason, width) }
  if (outcome === undefined) return { heading: '', lines: [] }
  const lines = pairsOf(outcome.row)
  return lines ? { heading: 'clean', lines } : { heading: 'dropped', lines: ['An expectation drops its row.'] }
}

function faultLines({ problem, notes }: View, width: number, paint: Paint): string[] {
  const text = problem?.split('\n') ?? []
  // A quoted line of SQL has a mark below it, so both are cut; anything else is wrapped.
  const isQuoted = (i: number) => [text[i], text[i + 1]].some((line) => line?.trim() === '^')
  const problems = text.flatMap((line, i) => (isQuoted(i) ? [line] : wrapped(line, width)))
  const lines = [
    ...problems.map((line) => paint('red', cut(escapeControls(line), width))),
    ...notes.flatMap((note) => wrapped(`! ${note}`, width)).map((line) => paint('yellow', escapeControls(line))),
  ]
  return lines.length === 0 ? [] : ['', ...lines]
}

function pairsOf(value: unknown): string[] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const width = Math.min(20, Math.max(0, ...Object.keys(value).map((name) => stringWidth(name))))
  return Object.entries(value).map(([name, each]) => `${name.padEnd(width)}  ${JSON.stringify(each)}`)
}

function parsed(raw: string): unknown {
  try {
    return JSON.parse(raw)
  } catch {
    return undefined
  }
}

function padded(text: string, width: number): string {
  const short = cut(escapeControls(text), width)
  return short + ' '.repeat(Math.max(0, width - stringWidth(short)))
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && stringWidth(last) + 1 + stringWidth(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
