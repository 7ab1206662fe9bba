import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/*
 * pnpm pack:earlier COMMIT: builds the package of an earlier commit. Its last line is the path of the tarball, for
 * MILLRACE_EARLIER_PACKAGE=PATH npx -y pnpm@12 exec vitest run packages/millrace/test/package/installed.servers.test.ts
 */
const root = fileURLToPath(new URL('../../..', import.meta.url))
const [commit] = process.argv.slice(2)
if (commit === undefined) throw new Error('name a commit')

function run(command: string, args: readonly string[], cwd: string): string {
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const { status, stdout } = spawnSync(command, args, { cwd, encoding: 'utf8', stdio: [...stdio] })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`)
  return stdout
}

const folder = mkdtempSync(join(tmpdir(), 'millrace-earlier-'))
run('git', ['clone', '--quiet', '--no-checkout', root, folder], root)
run('git', ['checkout', '--quiet', run('git', ['rev-parse', commit], root).trim()], folder)
run('npx', ['-y', 'pnpm@12', 'install', '--frozen-lockfile'], folder)
process.stdout.write(`${run('npx', ['-y', 'pnpm@12', 'pack:npm'], folder).trim().split('\n').at(-1)}\n`)
