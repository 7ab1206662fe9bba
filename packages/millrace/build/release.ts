import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { changelogEntry, nextVersion, withEntry } from './changelog.ts'
import { packageSbom } from './sbom.ts'

/*
 * pnpm release prepare major|minor|patch|VERSION: sets the version and writes the changelog from the commits since the
 * last tag; whoever releases reads it over, commits and tags.
 * pnpm release build: makes the tarball, its SBOM and their checksums in packages/millrace/release. What publishes them
 * is .github/workflows/release.yaml, at a tag.
 */
const folder = fileURLToPath(new URL('..', import.meta.url))
const root = join(folder, '../..')
const release = join(folder, 'release')

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 << 20,
  })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`)
  return stdout
}

function prepare(wanted: string): void {
  if (run('git', ['status', '--porcelain'], root) !== '') throw new Error('there are changes that are not committed')
  const manifest = join(folder, 'package.json')
  const text = readFileSync(manifest, 'utf8')
  const { version } = JSON.parse(text) as { version: string }
  const next = nextVersion(version, wanted)
  writeFileSync(manifest, text.replace(`"version": "${version}"`, `"version": "${next}"`))
  const last = run('git', ['tag', '--list', 'v*', '--sort=-v:refname'], root).split('\n')[0]
  const subjects = run('git', ['log', '--no-merges', '--format=%s', last ? `${last}..HEAD` : 'HEAD'], root).split('\n')
  const file = join(root, 'CHANGELOG.md')
  const changelog = existsSync(file) ? readFileSync(file, 'utf8') : ''
  writeFileSync(file, withEntry(changelog, changelogEntry(next, new Date().toISOString().slice(0, 10), subjects)))
  process.stdout.write(`${next}: read CHANGELOG.md over, commit it with package.json, and tag the commit v${next}\n`)
}

function build(): void {
  rmSync(release, { recursive: true, force: true })
  mkdirSync(release)
  const packed = run('npm', ['pack', '--silent'], folder).trim().split('\n').at(-1) ?? ''
  copyFileSync(join(folder, packed), join(release, packed))
  const sbom = `${basename(packed, '.tgz')}.cdx.json`
  writeFileSync(join(release, sbom), `${JSON.stringify(sbomOf(join(release, packed)), undefined, 2)}\n`)
  const sums = [packed, sbom].map((name) => `${sha256(join(release, name))}  ${name}\n`)
  writeFileSync(join(release, 'SHA256SUMS'), sums.join(''))
  process.stdout.write(sums.join(''))
}

/** What an installation of the tarball brings along, and what is bundled in it. */
function sbomOf(tarball: string) {
  const installed = mkdtempSync(join(tmpdir(), 'millrace-sbom-'))
  try {
    writeFileSync(
      join(installed, 'package.json'),
      JSON.stringify({ name: 'installation', version: '0.0.0', private: true }),
    )
    run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', tarball], installed)
    const sbom = JSON.parse(run('npm', ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'library'], installed))
    const bundled = readFileSync(join(installed, 'node_modules/millrace/dist/bundled.json'), 'utf8')
    return packageSbom(sbom, 'millrace', JSON.parse(bundled))
  } finally {
    rmSync(installed, { recursive: true, force: true })
  }
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

const [what, wanted] = process.argv.slice(2)
if (what === 'prepare' && wanted !== undefined) prepare(wanted)
else if (what === 'build') build()
else throw new Error('pnpm release prepare major|minor|patch|VERSION, or pnpm release build')
