import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

// pnpm pack:npm: builds the package and packs it; the last line is the path of the tarball.
const folder = fileURLToPath(new URL('..', import.meta.url))
const { status, stdout } = spawnSync('npm', ['pack', '--silent'], {
  cwd: folder,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
})
const lines = stdout.trimEnd().split('\n')
const name = lines.pop() ?? ''
process.stderr.write(lines.map((line) => `${line}\n`).join(''))
if (status === 0) process.stdout.write(`${join(folder, name)}\n`)
process.exitCode = status ?? 1
