import { execFile } from 'node:child_process'
import { copyFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { MILLRACE } from './contestant.ts'

const PACKAGE = fileURLToPath(new URL('../../packages/millrace', import.meta.url))
const TSDOWN = 'node_modules/tsdown/dist/run.mjs'

/**
 * Builds the command that contestants run, with its package.json, without which Node would parse each file twice to see
 * that it is a module.
 */
export async function buildMillrace(): Promise<void> {
  const dist = dirname(MILLRACE)
  await promisify(execFile)(process.execPath, [TSDOWN, '--out-dir', dist, '--logLevel', 'error'], { cwd: PACKAGE })
  await copyFile(join(PACKAGE, 'package.json'), join(dist, '../package.json'))
}
