import { escapeControls } from '@millrace/base'
import stringWidth from 'string-width'
import { cut } from './cut.ts'

interface TableOptions {
  /** Columns of the screen: the widest columns are cut until a line fits. */
  readonly width?: number | undefined
  readonly heading?: (text: string) => string
  /** Columns to the right that are no plain numbers: sizes, times ago. */
  readonly right?: readonly string[]
  /** Colours a cell, after it has its width. */
  readonly paint?: (text: string, column: string, row: number) => string
}

const GAP = '  '

/** A cut column keeps at least this much. */
const NARROWEST = 8

/** Columns side by side, numbers to the right, a heading and a rule. */
export function formatTable(
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
  options: TableOptions = {},
): string {
  const heading = options.heading ?? ((text: string) => text)
  const headings = columns.map(cellText)
  const cells = rows.map((row) => columns.map((_, i) => cellText(row[i])))
  const widths = fitWidths(widthsOf([headings, ...cells]), options.width)
  const paint = options.paint ?? ((text: string) => text)
  const right = columns.map((column, i) => {
    return options.right?.includes(column) || (rows.length > 0 && rows.every((row) => isNumeric(row[i])))
  })
  const padded = (row: readonly string[]) =>
    row.map((cell, i) => pad(cut(cell, widths[i] ?? 0), widths[i] ?? 0, right[i] === true))
  const line = (row: readonly string[]) => padded(row).join(GAP).trimEnd()
  const painted = (row: readonly string[], at: number) => {
    const last = row.findLastIndex((cell) => cell !== '')
    const cells = padded(row).slice(0, last + 1)
    return cells.map((cell, i) => paint(i === last ? cell.trimEnd() : cell, columns[i] ?? '', at)).join(GAP)
  }
  const rule = widths.map((width) => '─'.repeat(width)).join(GAP)
  return `${[heading(line(headings)), rule, ...cells.map(painted)].join('\n')}\n`
}

function widthsOf(lines: readonly (readonly string[])[]): number[] {
  const widths: number[] = []
  for (const line of lines) {
    for (const [i, cell] of line.entries()) widths[i] = Math.max(widths[i] ?? 0, stringWidth(cell))
  }
  return widths
}

/** The widest give way first, down to the next widest, and so on. */
function fitWidths(widths: readonly number[], screen: number | undefined): number[] {
  if (screen === undefined) return [...widths]
  const room = screen - GAP.length * (widths.length - 1)
  const total = (limit: number) => widths.reduce((sum, width) => sum + Math.min(width, limit), 0)
  let limit = Math.max(...widths, NARROWEST)
  while (limit > NARROWEST && total(limit) > room) limit--
  return widths.map((width) => Math.min(width, limit))
}

function isNumeric(value: unknown): boolean {
  return value === null || value === undefined || /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(String(value))
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return ''
  // Line breaks and escape sequences of the data must not steer the screen.
  return escapeControls(typeof value === 'object' ? JSON.stringify(value) : String(value))
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - stringWidth(text)))
  return right ? space + text : text + space
}
