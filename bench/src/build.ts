import { execFile } from 'node:child_process'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { MILLRACE } from './contestant.ts'

/** Builds the command that contestants run. */
export async function buildMillrace(): Promise<void> {
  const [built, tool] = [dirname(MILLRACE), 'node_modules/tsdown/dist/run.mjs']
  await promisify(execFile)(process.execPath, [tool, '--out-dir', basename(built), '--logLevel', 'error'], {
    cwd: join(built, '..'),
  })
}
