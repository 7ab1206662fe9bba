import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { startMillrace } from './run-millrace.ts'

function startStubborn(manner: 'obeys' | 'ignores') {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./programs/stubborn.ts', import.meta.url)), manner])
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return { child, closed: once(child, 'close'), nextLine: async () => (await lines.next()).value }
}

describe.each([
  { signal: 'SIGINT', code: 130 },
  { signal: 'SIGTERM', code: 143 },
] as const)('$signal', ({ signal, code }) => {
  test(`asks a command to end, which then exits with ${code}`, async () => {
    const { child, closed, nextLine } = startStubborn('obeys')
    expect(await nextLine()).toBe('ready')
    child.kill(signal)
    expect(await nextLine()).toBe('asked')
    expect(await closed).toEqual([code, null])
  })

  test('ends a command at once that was asked before', async () => {
    const { child, closed, nextLine } = startStubborn('ignores')
    expect(await nextLine()).toBe('ready')
    child.kill(signal)
    expect(await nextLine()).toBe('asked')
    child.kill(signal)
    expect(await closed).toEqual([code, null])
  })
})

test('sql that waits for its input is ended by Ctrl-C', async () => {
  const child = startMillrace(['sql'])
  const closed = once(child, 'close')
  // More than a pipe holds: once it is taken the command is reading. The end of the input never comes.
  child.stdin.write(' '.repeat(1 << 20))
  await once(child.stdin, 'drain')
  child.kill('SIGINT')
  expect(await closed).toEqual([130, null])
})

test('a reader that goes away ends the command quietly', async () => {
  const child = startMillrace(['sql', '--format', 'csv', 'select * from range(300000)'])
  const closed = once(child, 'close')
  const complaints: Buffer[] = []
  child.stderr.on('data', (chunk) => complaints.push(chunk))
  await once(child.stdout, 'readable')
  child.stdout.destroy()
  const [code] = await closed
  expect({ code, complaints: Buffer.concat(complaints).toString() }).toEqual({ code: 0, complaints: '' })
})
