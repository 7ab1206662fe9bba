import { PassThrough, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { finished } from 'node:stream/promises'
import { MillraceError } from '@millrace/base'
import { describe, expect, test } from 'vitest'
import { printError } from '../../src/terminal/errors.ts'
import { createTerminal } from '../../src/terminal/terminal.ts'

function streams(stdout: Writable = new PassThrough()) {
  return { stdout, stderr: new PassThrough() }
}

describe('the terminal', () => {
  test('puts results and talk on different streams', async () => {
    const to = { stdout: new PassThrough(), stderr: new PassThrough() }
    const terminal = createTerminal(to, () => {})
    terminal.line('a result')
    terminal.note('by the way')
    terminal.json([1])
    await terminal.table(['n'], [[1]])
    to.stdout.end()
    to.stderr.end()
    expect(await text(to.stdout)).toBe('a result\n[1]\nn\n─\n1\n')
    expect(await text(to.stderr)).toBe('by the way\n')
  })

  test('has no colour and no width in a pipe', () => {
    const terminal = createTerminal(streams(), () => {})
    expect([terminal.interactive, terminal.width, terminal.style('red', 'x')]).toEqual([false, undefined, 'x'])
  })

  test('waits with a large result until the reader has room', async () => {
    const stdout = new PassThrough({ highWaterMark: 1 })
    const terminal = createTerminal(streams(stdout), () => {})
    let written = false
    const writing = terminal.write('much').then(() => {
      written = true
    })
    await new Promise(setImmediate)
    expect(written).toBe(false)
    stdout.resume()
    await writing
  })

  test('falls silent and says so once when the reader has gone', async () => {
    const stdout = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    })
    let closed = 0
    const terminal = createTerminal(streams(stdout), () => {
      closed++
    })
    await terminal.write('one')
    await finished(stdout).catch(() => {})
    terminal.line('two')
    await terminal.write('three')
    expect(closed).toBe(1)
  })

  test('keeps one line below all notes on a screen, and none in a pipe', async () => {
    const screen = { stdout: new PassThrough(), stderr: Object.assign(new PassThrough(), { isTTY: true, columns: 80 }) }
    const onScreen = createTerminal(screen, () => {})
    onScreen.status('1 row')
    onScreen.note('by the way')
    onScreen.status('2 rows')
    onScreen.status('')
    screen.stderr.end()
    const clear = '\r\u001b[2K'
    expect(await text(screen.stderr)).toBe(`${clear}1 row${clear}by the way\n1 row${clear}2 rows${clear}`)
    const to = streams()
    createTerminal(to, () => {}).status('1 row')
    to.stderr.end()
    expect(await text(to.stderr)).toBe('')
  })
})

const HOSTILE = 'a\u001b]0;title\u0007b\u001b[2Jc\u009b31md\r\u202e'
const SHOWN = 'a\\u001b]0;title\\u0007b\\u001b[2Jc\\u009b31md\\r\\u202e'

/** What both streams get, on a screen with colours or in a pipe. */
async function printed(isScreen: boolean, print: (terminal: ReturnType<typeof createTerminal>) => unknown) {
  // styleText asks the stream whether it has colours.
  const screen = isScreen ? { isTTY: true, columns: 200, getColorDepth: () => 8 } : {}
  const to = { stdout: Object.assign(new PassThrough(), screen), stderr: Object.assign(new PassThrough(), screen) }
  await print(createTerminal(to, () => {}))
  to.stdout.end()
  to.stderr.end()
  return { out: await text(to.stdout), err: await text(to.stderr) }
}

const STEERS = /(?!\n)\p{Cc}|\u202e/u

describe.each([true, false])('what others wrote (on a screen: %s)', (isScreen) => {
  test('steers nothing in lines, notes and JSON', async () => {
    const { out, err } = await printed(isScreen, (terminal) => {
      terminal.line(HOSTILE)
      terminal.note(HOSTILE)
      terminal.json(HOSTILE)
    })
    expect(out).toContain(`${SHOWN}\n`)
    expect(JSON.parse(out.slice(out.indexOf('"')))).toBe(HOSTILE)
    expect(err).toBe(`${SHOWN}\n`)
    expect(out + err).not.toMatch(STEERS)
  })

  test('steers nothing in an error, not even by a colour', async () => {
    const cause = new Error(HOSTILE)
    const error = new MillraceError('USAGE', `no table \u001b[32m${HOSTILE}`, { next: HOSTILE, cause })
    const { err } = await printed(isScreen, (terminal) => printError(error, terminal, true))
    expect(err).toContain(`no table \\u001b[32m${SHOWN}`)
    expect(err).toContain(`caused by: Error: ${SHOWN}`)
    const ownColours = ['[31m', '[1m', '[36m', '[22m', '[39m'].map((code) => `\u001b${code}`)
    expect(ownColours.reduce((left, code) => left.replaceAll(code, ''), err)).not.toMatch(STEERS)
  })

  test('is written as it is into a pipe, and harmless on a screen', async () => {
    const { out } = await printed(isScreen, (terminal) => terminal.writeForeign(Buffer.from(`${HOSTILE}\n`)))
    expect(out).toBe(`${isScreen ? SHOWN : HOSTILE}\n`)
  })

  test('shows no secret of an address', async () => {
    const { out, err } = await printed(isScreen, (terminal) => {
      terminal.line('kafka://me:hunter2@broker')
      terminal.note('rest:https://host/x?sig=hunter2')
    })
    expect(out + err).not.toContain('hunter2')
  })
})

test('colours of our own stay on a screen', async () => {
  const { err } = await printed(true, (terminal) => terminal.note(terminal.styleError(['red', 'bold'], 'no')))
  expect(err).toBe('\u001b[31m\u001b[1mno\u001b[22m\u001b[39m\n')
})
