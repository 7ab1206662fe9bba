import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { createProgress, progressLine } from '../../src/terminal/progress.ts'
import { createTerminal } from '../../src/terminal/terminal.ts'

/** What is printed while a thousand posts a second are sent for half a minute. */
function printedOn(screen: { isTTY?: true; columns?: number }): Promise<string> {
  const stderr = Object.assign(new PassThrough(), screen)
  const terminal = createTerminal({ stdout: new PassThrough(), stderr }, () => {})
  let now = 0
  const progress = createProgress(terminal, 60_000, () => now)
  for (; now <= 30_000; now += 50) progress.show(now)
  progress.end()
  stderr.end()
  return text(stderr)
}

it('draws one line anew on a screen, no longer than the screen is wide, and takes it away at the end', async () => {
  const drawn = (await printedOn({ isTTY: true, columns: 40 })).split('\r\u001b[2K')
  expect(drawn.length).toBeGreaterThan(100)
  expect(drawn.every((line) => line.length < 40 && !line.includes('\n'))).toBe(true)
  expect(drawn.at(-2)).toMatch(/ 50 %, 3/)
  expect(drawn.at(-1)).toBe('')
})

it('prints a whole line every ten seconds in a pipe', async () => {
  expect((await printedOn({})).split('\n')).toEqual([
    expect.stringContaining('10000 of 60000 records each, 1000/s, 50 s left'),
    expect.stringContaining('20000 of 60000 records each, 1000/s, 40 s left'),
    expect.stringContaining('30000 of 60000 records each, 1000/s, 30 s left'),
    '',
  ])
})

it.each([
  [0, 100, 0, '0 of 100 records each, 0/s'],
  [50, 100, 10, ' 50 %, 50 of 100 records each, 10/s, 5 s left'],
  [1, 1000, 1, '0 %, 1 of 1000 records each, 1/s, 16 min 39 s left'],
  [1, 10_000, 1, '1/s, 2 h 46 min left'],
])('%d of %d at %d a second: %s', (done, total, perSecond, line) => {
  expect(progressLine(done, total, perSecond)).toMatch(line)
})

it('has no end to wait for where there is none', () => {
  expect(progressLine(1234, undefined, 99.6)).toBe('1234 records each, 100/s')
})
