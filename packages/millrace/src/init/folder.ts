import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { MillraceError } from '@millrace/base'

/** What may be there already: a repository without files, and what `npm install millrace` leaves behind. */
const HARMLESS = new Set([
  '.git',
  'node_modules',
  'package.json',
  'package-lock.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  'bun.lock',
])

/** Refuses a folder that holds anything of the user's own. */
export async function refuseFilled(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    const what = error.code === 'ENOTDIR' ? 'is a file' : `can't be read: ${error.message}`
    throw new MillraceError('USAGE', `${folder} ${what}`, { next: 'Name a folder that is empty or not there.' })
  })
  const found = names.filter((name) => !HARMLESS.has(name))
  if (found.length === 0) return
  const shown = found.slice(0, 3).join(', ') + (found.length > 3 ? ', …' : '')
  throw new MillraceError('USAGE', `the folder ${resolve(folder)} is not empty: it has ${shown}`, {
    next: 'Name a folder that is empty or not there: millrace init my-project',
  })
}

/** Writes the files, with their folders. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
}

/** The name of a package: npm takes neither capitals nor blanks. */
export function packageName(folder: string): string {
  const name = basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z0-9._~-]+/g, '-')
    .replace(/^[._-]+|-+$/g, '')
  return name || 'millrace-project'
}

type Manifest = Record<string, unknown> & {
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
}

/** Returns package.json: what is there is kept, and what it lacks is added. */
export async function manifestText(folder: string, wanted: Manifest): Promise<string> {
  const file = join(folder, 'package.json')
  const there: Manifest = existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : {}
  const merged = {
    ...wanted,
    ...there,
    // Nothing else is in the folder that could be CommonJS.
    type: 'module',
    scripts: { ...npmInitTestLeftOut(there.scripts), ...wanted.scripts },
    dependencies: { ...wanted.dependencies, ...there.dependencies },
  }
  return `${JSON.stringify(merged, undefined, 2)}\n`
}

/** `npm init` writes a test that fails. */
function npmInitTestLeftOut(scripts: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(scripts).filter(([, command]) => !command.includes('no test specified')))
}
