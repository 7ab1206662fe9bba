import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { spawnSupervisor } from './services/client.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where tests ask for servers. */
    supervisor: string
  }
}

/**
 * One supervisor a test run: it ends with this process, every server ends with it, and its folder is removed, in which
 * the tests have their temporary files.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const supervisor = await spawnSupervisor((text) => project.vitest.logger.log(text))
  project.provide('supervisor', supervisor.socketPath)
  process.env.TMPDIR = join(dirname(supervisor.socketPath), 'tests')
  await mkdir(process.env.TMPDIR)
  return () => supervisor.close()
}
