import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const NAME = /^millrace-work-(\d+)-/

/** A folder for what is under way, gone at the end. Those of processes that were killed go now. */
export async function openWorkFolder(): Promise<{ path: string; close(): Promise<void> }> {
  const abandoned = (await readdir(tmpdir())).filter((name) => {
    const owner = NAME.exec(name)?.[1]
    return owner !== undefined && !isRunning(Number(owner))
  })
  await Promise.all(abandoned.map((name) => rm(join(tmpdir(), name), { recursive: true, force: true })))
  const path = await mkdtemp(join(tmpdir(), `millrace-work-${process.pid}-`))
  return { path, close: () => rm(path, { recursive: true, force: true }) }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
