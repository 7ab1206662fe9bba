import type { TestProject } from 'vitest/node'
import { spawnSupervisor } from './services/client.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where tests ask for servers. */
    supervisor: string
  }
}

/** One supervisor a test run: it ends with this process, and every server ends with it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const supervisor = await spawnSupervisor((text) => project.vitest.logger.log(text))
  project.provide('supervisor', supervisor.socketPath)
  return () => supervisor.close()
}
