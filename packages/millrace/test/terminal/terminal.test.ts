import { PassThrough, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { finished } from 'node:stream/promises'
import { describe, expect, test } from 'vitest'
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
