import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { openSql, type SqlSession } from '@millrace/queries'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runPrompt } from '../../src/prompt/prompt.ts'
import { createTerminal } from '../../src/terminal/terminal.ts'
import { temporaryFolder } from '../run-millrace.ts'

const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const TAB = '\t'
const UP = '\u001b[A'

let folder: ReturnType<typeof temporaryFolder>
let session: SqlSession
let ended: Promise<number>
let input: PassThrough
let screen: string

function begin(): void {
  input = new PassThrough()
  screen = ''
  const [out, err] = [new PassThrough(), new PassThrough()]
  for (const stream of [out, err]) {
    stream.on('data', (part) => {
      screen += String(part)
    })
  }
  const io = createTerminal({ stdout: out, stderr: err }, () => {})
  ended = runPrompt({ session, io, input, output: out, historyFile: historyPath() })
}

const historyPath = () => join(folder.path, 'state', 'history')

/** Types, and waits until the screen shows what is expected of it since. */
async function type(text: string, expected: string | RegExp): Promise<void> {
  const before = screen.length
  input.write(text)
  await vi.waitFor(() => expect(screen.slice(before)).toMatch(expected), 20_000)
}

beforeEach(async () => {
  folder = temporaryFolder()
  for (const table of ['pin', 'batch/q1']) {
    const log = join(folder.path, 'lake', table, '_delta_log')
    mkdirSync(log, { recursive: true })
    writeFileSync(join(log, '00000000000000000000.json'), '')
  }
  session = await openSql(join(folder.path, 'lake'), { tables: { posts: 'pin' } })
  begin()
})

afterEach(async () => {
  input.write(CTRL_C)
  input.write(CTRL_D)
  await ended
  await session[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

describe('the prompt', () => {
  it('answers, says how many rows and how long, and asks again', async () => {
    await type('select 6 * 7 as answer;\n', /answer\s+─+\s+42\s+1 row, \d+\.\d{3} s[\s\S]*millrace> /)
  })

  it('takes a statement of several lines, with a semicolon in a text', async () => {
    await type("select 'a;\n", /\.\.\.> /)
    await type("b' as word\n", /\.\.\.> /)
    await type(';\n', /a;\\nb/)
  })

  it('answers each of several statements', async () => {
    await type(
      'select 1 as one; set threads = 1; select 2 as two;\n',
      /one[\s\S]*1 row, [\s\S]*done, [\s\S]*two[\s\S]*1 row, /,
    )
  })

  it('says what is wrong, and goes on', async () => {
    await type('selekt 1;\n', /error\[QUERY_FAILED\][\s\S]*millrace> /)
    await type('select 1 as one;\n', /1 row/)
  })

  it('shows the first thousand rows of many', async () => {
    await type('select range as n from range(5000000);\n', /the first 1000 rows/)
  })

  it('keeps what a statement makes for those that follow', async () => {
    await type('create temp table mine as select 17 as n;\n', / s[\s\S]*millrace> /)
    await type('select n + 1 as more from mine;\n', /18/)
  })

  it('lists tables by the names that SQL has for them', async () => {
    await type('.tables\n', /batch\.q1\s+posts\s/)
  })

  it('says so where there is no such command', async () => {
    await type('.tabels\n', /there is no \.tabels; there are \.tables/)
  })
})

describe('Ctrl-C', () => {
  it('stops the query and not the prompt', async () => {
    const before = screen.length
    input.write('select count(*) from range(10000000000) a, range(1000000) b where hash(a.range + b.range) = 1;\n')
    const stop = setInterval(() => input.write(CTRL_C), 50)
    await vi.waitFor(() => expect(screen.slice(before)).toMatch(/stopped/), 30_000).finally(() => clearInterval(stop))
    await type('select 6 * 7 as answer;\n', /42/)
  })

  it('drops what is typed so far', async () => {
    await type('select 1\n', /\.\.\.> /)
    await type(CTRL_C, /millrace> /)
    await type('select 6 * 7 as answer;\n', /42/)
  })
})

describe('Tab', () => {
  it('completes names of tables', async () => {
    await type(`select * from pos${TAB}`, /posts/)
  })

  it('completes commands', async () => {
    await type(`.tab${TAB}`, /\.tables/)
  })
})

describe('what was typed', () => {
  it('comes back with the arrow, also another day, and is for its owner alone', async () => {
    await type('select 41 + 1 as answer;\n', /42/)
    input.write(CTRL_D)
    await ended
    await vi.waitFor(() => expect(readFileSync(historyPath(), 'utf8')).toBe('select 41 + 1 as answer;\n'))
    begin()
    await type(`${UP}\n`, /42/)
  })
})
