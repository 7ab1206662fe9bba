import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { job, ready, report } from '../src/contestant.ts'

const GROWTH = [1, 10, 100]

/**
 * Measures a piece of work at a hundredth, a tenth and the whole of the benchmark's size. `prepare` gets the size and
 * an empty folder, and returns the work; the first time of it is not counted.
 */
export async function measureGrowth(
  prepare: (size: number, folder: string) => Promise<() => Promise<unknown>>,
  repetitions: number,
): Promise<void> {
  const { size, output } = job()
  const works = new Map<string, () => Promise<unknown>>()
  for (const growth of GROWTH) {
    const folder = join(output, `${growth}`)
    await mkdir(folder)
    works.set(`CPU ms at × ${growth}`, await prepare(Math.ceil((size * growth) / 100), folder))
  }
  await ready()
  const figures: Record<string, number> = {}
  for (const [name, work] of works) figures[name] = await medianCpu(work, repetitions)
  report({ figures })
}

async function medianCpu(work: () => Promise<unknown>, repetitions: number): Promise<number> {
  await work()
  const times: number[] = []
  for (let i = 0; i < repetitions; i++) {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    times.push((user + system) / 1000)
  }
  return times.sort((a, b) => a - b)[repetitions >> 1] ?? Number.NaN
}
