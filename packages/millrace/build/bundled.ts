import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Rolldown } from 'tsdown'

/** In package.json for its types alone: its 180 files take three times as long to load as one. */
export const BUNDLED_BUT_TYPES = '@duckdb/node-api'

/** What is bundled, by name: any other dependency is in package.json. */
export const BUNDLED = [
  'commander',
  'string-width',
  'ansi-regex',
  'strip-ansi',
  'get-east-asian-width',
  'prom-client',
  'bintrees',
  'tdigest',
  '@opentelemetry/api',
  'zod',
  'croner',
  'hyparquet',
  BUNDLED_BUT_TYPES,
]

/** What the dashboard's page is served with. */
const IN_THE_PAGE = ['preact', 'uplot', '@fontsource-variable/inter']

const WATCH = '../watch/node_modules'

/** A package whose code is part of ours. */
export interface BundledPackage {
  readonly name: string
  readonly version: string
  readonly license: string
}

/** Writes down which packages' code is part of the package, with their licences: who installs it does not see them. */
export function bundledPackages(): Rolldown.Plugin {
  return {
    name: 'bundled-packages',
    generateBundle() {
      const ofModules = [...this.getModuleIds()].flatMap((id) => folderOf(id) ?? [])
      const folders = [...new Set(ofModules), ...IN_THE_PAGE.map((name) => join(WATCH, name))]
      const packages = new Map(folders.map(describe).sort(([a], [b]) => (a < b ? -1 : 1)))
      const list: BundledPackage[] = [...packages].map(([name, { version, license }]) => ({ name, version, license }))
      this.emitFile({ type: 'asset', fileName: 'bundled.json', source: JSON.stringify(list, undefined, 2) })
      const texts = [...packages].map(
        ([name, { version, license, text }]) => `${name} ${version} (${license})\n\n${text}`,
      )
      this.emitFile({
        type: 'asset',
        fileName: 'THIRD-PARTY-LICENSES.txt',
        source: texts.map((each) => `${'-'.repeat(80)}\n${each}\n`).join('\n'),
      })
    },
  }
}

/** The folder of the package that a module is from, unless the module is ours. */
function folderOf(id: string): string | undefined {
  if (!id.includes('/node_modules/')) return undefined
  let folder = dirname(id)
  while (!existsSync(join(folder, 'package.json')) || !('version' in readJson(folder))) folder = dirname(folder)
  return folder
}

function describe(folder: string): [name: string, { version: string; license: string; text: string }] {
  const { name, version, license } = readJson(folder)
  const [file] = globSync('{LICENSE,LICENCE,license,LICENSE-MIT}*', { cwd: folder })
  if (file === undefined) throw new Error(`${name} has no licence file`)
  return [name, { version, license, text: readFileSync(join(folder, file), 'utf8').trim() }]
}

function readJson(folder: string) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string
    version: string
    license: string
  }
}
