import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { MILLRACE } from './contestant.ts'

const PACKAGE = fileURLToPath(new URL('../../packages/millrace', import.meta.url))
const TSDOWN = 'node_modules/tsdown/dist/run.mjs'

/** Builds the command that contestants run. */
export async function buildMillrace(): Promise<void> {
  const options = ['--out-dir', dirname(MILLRACE), '--logLevel', 'error']
  await promisify(execFile)(process.execPath, [TSDOWN, ...options], { cwd: PACKAGE })
}
