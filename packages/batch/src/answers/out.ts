import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Engine } from '@millrace/engine'
import { type Answer, type RunResults, renderReport, writeAnswerFiles } from '@millrace/queries'
import type { RunParts } from '../parts.ts'

/**
 * Writes the answers' files and the report into the date's folder. It builds a new folder and renames it into place; only
 * its owner can read it.
 */
export async function writeOut(out: string, results: RunResults, { runtime, engine }: RunParts): Promise<string> {
  const { date } = results.run
  const folder = join(out, date)
  const [made, old] = [join(out, `.${date}-${runtime.uuid()}`), join(out, `.${date}-${runtime.uuid()}`)]
  await mkdir(made, { recursive: true, mode: 0o700 })
  try {
    const written = await Promise.allSettled(results.answers.map((answer) => writeFiles(answer, made, engine)))
    // Only now, when nobody writes into the folder any more.
    for (const each of written) if (each.status === 'rejected') throw each.reason
    await writeFile(join(made, 'report.html'), await renderReport(results), { mode: 0o600 })
    await rename(folder, old).catch(ignoreMissing)
    await rename(made, folder)
  } finally {
    await Promise.all([made, old].map((path) => rm(path, { recursive: true, force: true })))
  }
  return folder
}

async function writeFiles(answer: Answer, folder: string, engine: Engine): Promise<void> {
  const connection = await engine.connect()
  try {
    await writeAnswerFiles(answer, folder, connection)
  } finally {
    connection.closeSync()
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
