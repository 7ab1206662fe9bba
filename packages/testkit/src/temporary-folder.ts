import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A new folder that goes when the test does; tests that run side by side hand in their own `onTestFinished`. */
export async function temporaryFolder(finished = onTestFinished): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-test-'))
  finished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
