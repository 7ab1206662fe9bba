import stringWidth from 'string-width'

export interface TableOptions {
  /** Longest cell, in columns of the screen; longer ones are cut with `…`. */
  readonly width?: number | undefined
  readonly heading?: (text: string) => string
}

/** Columns side by side, numbers to the right, two spaces between, a heading and a rule. */
export function formatTable(
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
  options: TableOptions = {},
): string {
  const heading = options.heading ?? ((text: string) => text)
  const cells = rows.map((row) => columns.map((_, i) => fit(cellText(row[i]), options.width)))
  const widths = columns.map((column, i) =>
    Math.max(stringWidth(column), ...cells.map((row) => stringWidth(row[i] ?? ''))),
  )
  const right = columns.map((_, i) => rows.length > 0 && rows.every((row) => isNumeric(row[i])))
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => pad(cell, widths[i] ?? 0, right[i] === true))
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '─'.repeat(width))
  return `${[heading(line(columns)), line(rule), ...cells.map(line)].join('\n')}\n`
}

function isNumeric(value: unknown): boolean {
  return value === null || value === undefined || typeof value === 'number' || typeof value === 'bigint'
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1))
}

function fit(text: string, width: number | undefined): string {
  if (width === undefined || stringWidth(text) <= width) return text
  let cut = ''
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (stringWidth(cut + segment) > width - 1) break
    cut += segment
  }
  return `${cut}…`
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - stringWidth(text)))
  return right ? space + text : text + space
}
