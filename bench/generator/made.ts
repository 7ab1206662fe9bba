import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { job, ready, report } from '../src/contestant.ts'

/** Runs `make` until all posts are made; it answers how many bytes it made for so many. */
export async function made(make: (posts: number) => Promise<number>): Promise<void> {
  const { size, output } = job()
  await make(2_000)
  await ready()
  const before = process.cpuUsage()
  let bytes = 0
  for (let left = size; left > 0; left -= 5_000) bytes += await make(Math.min(left, 5_000))
  const { user, system } = process.cpuUsage(before)
  await writeFile(join(output, 'answer.jsonl'), JSON.stringify({ posts: size }))
  report({ figures: { 'MB per CPU-s': bytes / (user + system), 'bytes a post': bytes / size } })
}
