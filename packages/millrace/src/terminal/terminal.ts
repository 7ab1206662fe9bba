import type { Writable } from 'node:stream'
import { styleText } from 'node:util'
import { MillraceError } from '@millrace/base'

export type Style = Parameters<typeof styleText>[0]

/** The only way to the screen. Results go to `out`, talk to `err`, so that a pipe carries results alone. */
export interface Terminal {
  /** A person is looking at the results. */
  readonly interactive: boolean
  /** Columns of the screen; undefined in a pipe. */
  readonly width: number | undefined
  line(text?: string): void
  note(text: string): void
  /** Columns of the screen that `note` and `status` write to; undefined where nobody looks. */
  readonly statusWidth: number | undefined
  /** One line below all notes that is written over again and again; empty: none. Only where somebody looks. */
  status(text: string): void
  json(value: unknown): void
  table(columns: readonly string[], rows: readonly (readonly unknown[])[], look?: TableLook): Promise<void>
  /** For results of any size: settles when there is room for more. */
  write(chunk: string | Uint8Array): Promise<void>
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
    line: (text = '') => print(`${text}\n`),
    note: (text) => void err.write(shown === '' ? `${text}\n` : `${CLEAR_LINE}${text}\n${shown}`),
    statusWidth,
    status(text) {
      if (statusWidth === undefined || text === shown) return
      err.write(`${CLEAR_LINE}${text}`)
      shown = text
    },
    json: (value) => print(`${JSON.stringify(value, null, interactive ? 2 : undefined)}\n`),
    table: async (columns, rows, { right = [], colour } = {}) => {
      const { formatTable } = await import('./table.ts')
      const paint = (text: string, column: string, row: number) => {
        const chosen = colour?.(column, row)
        return chosen === undefined ? text : style(chosen, text)
      }
      print(formatTable(columns, rows, { width, right, paint, heading: (text) => style('bold', text) }))
    },
    write: async (chunk) => {
      if (!open || out.write(chunk)) return
      await new Promise<void>((settle) => {
        const done = () => {
          out.off('drain', done).off('error', done).off('close', done)
          settle()
        }
        out.once('drain', done).once('error', done).once('close', done)
      })
    },
  }
}

/** styleText looks at NO_COLOR, FORCE_COLOR and whether the stream is a screen. */
function paint(style: Style, text: string, stream: OutputStream): string {
  return styleText(style, text, { stream: stream as NodeJS.WriteStream })
}
