import type { Writable } from 'node:stream'
import { styleText } from 'node:util'
import { escapeControls, MillraceError, redact } from '@millrace/base'

export type Style = Parameters<typeof styleText>[0]

/**
 * The only way to the screen. Results go to `out`, talk to `err`, so that a pipe carries results alone. Lines and notes
 * hold no secret of an address, and no control character but line breaks, tabs and the colours of `style`.
 */
export interface Terminal {
  /** A person is looking at the results. */
  readonly interactive: boolean
  /** Columns of the screen; undefined in a pipe. */
  readonly width: number | undefined
  line(text?: string): void
  note(text: string): void
  /** Columns of the screen that `note` and `status` write to; undefined where nobody looks. */
  readonly statusWidth: number | undefined
  /** Sets the status line below the notes, on a terminal only; empty removes it. */
  status(text: string): void
  json(value: unknown): void
  table(columns: readonly string[], rows: readonly (readonly unknown[])[], look?: TableLook): Promise<void>
  /** For results of any size: settles when there is room for more. */
  write(chunk: string | Uint8Array): Promise<void>
  /** The same for what somebody else wrote: on a screen its control characters are written out. */
  writeForeign(chunk: string | Uint8Array): Promise<void>
  style(style: Style, text: string): string
  styleError(style: Style, text: string): string
}

/** How a table is shown beyond what its values say. */
export interface TableLook {
  /** Columns to the right that are no plain numbers: sizes, times ago. */
  readonly right?: readonly string[]
  /** The colour of a cell. */
  readonly colour?: (column: string, row: number) => Style | undefined
}

interface OutputStream extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
}

interface Streams {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
}

const CLEAR_LINE = '\r\u001b[2K'

/** `closed` is called once, when the reader of the results has gone (`millrace sql … | head`). */
export function createTerminal({ stdout: out, stderr: err }: Streams, closed: () => void): Terminal {
  let open = true
  const stop = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      throw new MillraceError('STORE_FAILED', `the results could not be written: ${error.message}`, { cause: error })
    }
    open = false
    closed()
  }
  out.once('error', stop)
  err.on('error', () => {})
  const print = (text: string) => {
    if (open) out.write(text)
  }
  const write = async (chunk: string | Uint8Array) => {
    if (open && !out.write(chunk)) await roomIn(out)
  }
  let shown = ''
  const statusWidth = err.isTTY === true ? err.columns : undefined
  const interactive = out.isTTY === true
  const width = interactive ? out.columns : undefined
  const style = (chosen: Style, text: string) => paint(chosen, text, out)
  return {
    interactive,
    width,
    style,
    styleError: (chosen, text) => paint(chosen, text, err),
    line: (text = '') => print(`${harmless(text, out)}\n`),
    note(words) {
      const text = harmless(words, err)
      err.write(shown === '' ? `${text}\n` : `${CLEAR_LINE}${text}\n${shown}`)
    },
    statusWidth,
    status(words) {
      const text = harmless(words, err)
      if (statusWidth === undefined || text === shown) return
      err.write(`${CLEAR_LINE}${text}`)
      shown = text
    },
    json: (value) => print(`${escapeControls(JSON.stringify(value, null, interactive ? 2 : undefined), '\n')}\n`),
    table: async (columns, rows, { right = [], colour } = {}) => {
      const { formatTable } = await import('./table.ts')
      const paint = (text: string, column: string, row: number) => {
        const chosen = colour?.(column, row)
        return chosen === undefined ? text : style(chosen, text)
      }
      print(formatTable(columns, rows, { width, right, paint, heading: (text) => style('bold', text) }))
    },
    write,
    writeForeign: (chunk) => write(interactive ? escapeControls(textOf(chunk), '\n\t') : chunk),
  }
}

function roomIn(out: OutputStream): Promise<void> {
  return new Promise((settle) => {
    const done = () => {
      out.off('drain', done).off('error', done).off('close', done)
      settle()
    }
    out.once('drain', done).once('error', done).once('close', done)
  })
}

function textOf(chunk: string | Uint8Array): string {
  return typeof chunk === 'string' ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString()
}

/** The escape sequences that `style` writes: bold, dim, the colours, and their ends. */
const ESCAPE = '\u001b'
const COLOUR = new RegExp(`(${ESCAPE}\\[(?:1|2|22|3[1-69])m)`)

function harmless(words: string, stream: OutputStream): string {
  const text = redact(words)
  if (paint('bold', 'x', stream) === 'x') return escapeControls(text, '\n\t')
  return text
    .split(COLOUR)
    .map((part, i) => (i % 2 === 1 ? part : escapeControls(part, '\n\t')))
    .join('')
}

/** styleText looks at NO_COLOR, FORCE_COLOR and whether the stream is a screen. */
function paint(style: Style, text: string, stream: OutputStream): string {
  return styleText(style, text, { stream: stream as NodeJS.WriteStream })
}
