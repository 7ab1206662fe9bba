import { existsSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { measure } from '../src/measure.ts'

/** CPU time and memory come out of /proc. */
const it = test.runIf(process.platform === 'linux')

function program(name: string, ...args: string[]) {
  const path = fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url))
  return { command: [process.execPath, path, ...args] }
}

/** A dead process may stay in the list until someone has asked for its exit code. */
function isAtWork(pid: number): boolean {
  const status = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : 'State: Z'
  return !/^State:\s+[ZX]/m.test(status)
}

it('counts the CPU time and memory of a grandchild', async () => {
  const measured = await measure(program('grandchild-works', '0.5', '300'), 'process', tmpdir())
  if ('unavailable' in measured) throw new Error(measured.unavailable)
  expect(measured.cpuSeconds).toBeGreaterThanOrEqual(0.5)
  expect(measured.peakBytes).toBeGreaterThanOrEqual(300e6)
  expect(measured.report).toEqual({ engine: 'none' })
})

it('leaves out what came before the contestant was ready', async () => {
  const measured = await measure(program('works-when-ready'), 'work', tmpdir())
  if ('unavailable' in measured) throw new Error(measured.unavailable)
  expect(measured.cpuSeconds).toBeGreaterThanOrEqual(0.09)
  expect(measured.cpuSeconds).toBeLessThan(1)
  expect(measured.readyBytes).toBeGreaterThan(0)
  expect(measured.report.figures).toEqual({ answer: 42 })
})

it('refuses a contestant that measures something else than the benchmark', async () => {
  await expect(measure(program('works-when-ready'), 'process', tmpdir())).rejects.toThrow('must not say ready')
  await expect(measure(program('grandchild-works'), 'work', tmpdir())).rejects.toThrow('must say ready')
})

it('refuses a contestant that leaves a process behind, and ends that process', async () => {
  const failure = await measure(program('leaves-a-process'), 'process', tmpdir()).catch((error: Error) => error)
  const [pid] = /\d+$/.exec((failure as Error).message) ?? []
  expect(String(failure)).toContain('left processes behind')
  await expect.poll(() => isAtWork(Number(pid))).toBe(false)
})

it('passes on why a contestant can not run here', async () => {
  const outcome = await measure(program('unavailable'), 'process', tmpdir())
  expect(outcome).toEqual({ unavailable: 'needs a library that is not here' })
})

it('fails with what a failing contestant has said', async () => {
  const failing = { command: [process.execPath, '-e', 'throw new Error("out of luck")'] }
  await expect(measure(failing, 'process', tmpdir())).rejects.toThrow('out of luck')
})
