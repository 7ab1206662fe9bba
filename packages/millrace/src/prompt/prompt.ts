import { mkdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { systemRuntime } from '@millrace/base'
import type { SqlSession, TableRead } from '@millrace/queries'
import { withOutputFile } from '../output-file.ts'
import { asMillraceError, printError } from '../terminal/errors.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { completions, DOT_COMMANDS, type Names } from './completion.ts'

export interface PromptParts {
  readonly session: SqlSession
  readonly io: Terminal
  readonly input: Readable
  readonly output: Writable
  /** The history file; undefined to keep no history. */
  readonly historyFile: string | undefined
}

const FIRST = 'millrace> '
const FURTHER = '     ...> '

/** Maximum rows on the screen; `-o` writes more into a file. */
const MOST_ROWS = 1000
const HISTORY_LINES = 1000

interface Typing {
  /** Lines of a statement that has no end yet. */
  before: string
  isRunning: boolean
  isStopped: boolean
}

/** Asks for SQL until there is no more. Ctrl-C stops what runs, or drops what is typed. */
export async function runPrompt(parts: PromptParts): Promise<number> {
  const names = namesOf(parts)
  const typing: Typing = { before: '', isRunning: false, isStopped: false }
  const lines = openLines(typing, names, await readHistory(parts), parts)
  const ask = () => {
    lines.setPrompt(typing.before === '' ? FIRST : FURTHER)
    lines.prompt()
  }
  lines.on('SIGINT', () => {
    if (typing.isRunning) {
      typing.isStopped = true
      return parts.session.interrupt()
    }
    typing.before = ''
    lines.write(null, { ctrl: true, name: 'e' })
    lines.write(null, { ctrl: true, name: 'u' })
    parts.output.write('\n')
    ask()
  })
  keepHistory(lines, parts)
  parts.io.note('SQL, up to a semicolon. .help says more; Ctrl-D ends.')
  ask()
  for await (const line of lines) {
    if (typing.before === '' && /^\s*\.(exit|quit)\b/.test(line)) break
    typing.isRunning = true
    await take(line, typing, names, parts)
    typing.isRunning = false
    ask()
  }
  lines.close()
  return 0
}

function openLines(typing: Typing, names: Names, history: string[], { input, output }: PromptParts): Interface {
  return createInterface({
    input,
    output,
    terminal: true,
    prompt: FIRST,
    history,
    historySize: HISTORY_LINES,
    removeHistoryDuplicates: true,
    completer: (line: string, answer: (error: null, found: [string[], string]) => void) => {
      completions(typing.before, line, names).then(
        (found) => answer(null, found),
        () => answer(null, [[], line]),
      )
    },
  })
}

async function take(line: string, typing: Typing, names: Names, parts: PromptParts): Promise<void> {
  const { io } = parts
  if (typing.before === '' && line.trim() === '') return
  try {
    if (typing.before === '' && line.trim().startsWith('.')) return await dotCommand(line.trim(), names, io)
    const { isWhole } = await import('@millrace/queries')
    const statement = typing.before === '' ? line : `${typing.before}\n${line}`
    typing.before = isWhole(statement) ? '' : statement
    typing.isStopped = false
    if (typing.before === '') await answer(statement, parts)
  } catch (error) {
    if (typing.isStopped) io.note('stopped')
    else printError(asMillraceError(error), io, false)
  }
}

async function answer(statement: string, { session, io }: PromptParts): Promise<void> {
  const { rowsOf } = await import('@millrace/queries')
  let started = systemRuntime.monotonic()
  await session.run(statement, async (result) => {
    const rows: unknown[][] = []
    for await (const more of rowsOf(result)) {
      rows.push(...more)
      if (rows.length > MOST_ROWS) break
    }
    const seconds = ((systemRuntime.monotonic() - started) / 1000).toFixed(3)
    const columns = result.columns.map(({ name }) => name)
    if (columns.length > 0) await io.table(columns, rows.slice(0, MOST_ROWS))
    io.note([`${countText(columns, rows)}, ${seconds} s`, ...result.reads.map(readText)].join('; '))
    started = systemRuntime.monotonic()
  })
}

function countText(columns: readonly string[], rows: readonly unknown[]): string {
  if (columns.length === 0) return 'done'
  if (rows.length > MOST_ROWS) return `the first ${MOST_ROWS} rows`
  return rows.length === 1 ? '1 row' : `${rows.length} rows`
}

function readText({ table, version, files, allFiles }: TableRead): string {
  return `${table} at version ${version}, ${files} of ${allFiles} files`
}

async function dotCommand(line: string, names: Names, io: Terminal): Promise<void> {
  const [command, word = ''] = line.split(/\s+/)
  if (command === '.tables') for (const table of await names.tables()) io.line(table)
  else if (command === '.columns') for (const column of await names.columns(word)) io.line(column)
  else if (command === '.help') {
    io.line('.tables         the tables of the lake')
    io.line('.columns TABLE  its columns')
    io.line('.exit           or Ctrl-D')
    io.line('Tab completes, the arrows go through what was typed before, Ctrl-C stops a query.')
    io.line("Older versions: FROM orders AT (VERSION => 3), or AT (TIMESTAMP => '2026-01-31')")
  } else io.note(`there is no ${command}; there are ${DOT_COMMANDS.join(', ')}`)
}

function namesOf({ session }: PromptParts): Names {
  const columns = new Map<string, Promise<string[]>>()
  return {
    tables: () => session.tableNames(),
    columns(table) {
      const known = columns.get(table) ?? readColumns(session, table)
      columns.set(table, known)
      return known
    },
  }
}

async function readColumns(session: SqlSession, table: string): Promise<string[]> {
  return (await session.columnsOf(table.replaceAll('.', '/'))).map(({ name }) => name)
}

export function historyFile(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment.XDG_STATE_HOME ?? join(homedir(), '.local/state'), 'millrace', 'sql_history')
}

async function readHistory({ historyFile: file }: PromptParts): Promise<string[]> {
  if (file === undefined) return []
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.split('\n').filter(Boolean).toReversed()
}

/** Lost history is no reason to stop working. */
function keepHistory(lines: Interface, { historyFile: file }: PromptParts): void {
  if (file === undefined) return
  let kept: readonly string[] | undefined
  lines.on('history', (history: string[]) => {
    kept = [...history]
  })
  lines.once('close', () => {
    if (kept === undefined) return
    const text = `${kept.toReversed().join('\n')}\n`
    mkdir(dirname(file), { recursive: true, mode: 0o700 })
      .then(() => withOutputFile(file, (sink) => sink(text)))
      .catch(() => {})
  })
}
