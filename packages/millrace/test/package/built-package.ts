import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const PACKAGE_FOLDER = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Builds the package into a folder beside its dependencies, so that what is built finds them as it would after an
 * installation.
 */
export function buildPackage(): { readonly folder: string } & Disposable {
  const beside = join(PACKAGE_FOLDER, 'node_modules/.built')
  mkdirSync(beside, { recursive: true })
  const folder = mkdtempSync(join(beside, 'millrace-'))
  run('tsdown', ['--out-dir', join(folder, 'dist'), '--logLevel', 'error'], PACKAGE_FOLDER)
  for (const name of ['package.json', 'README.md']) copyFileSync(join(PACKAGE_FOLDER, name), join(folder, name))
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Packs what was built as `npm pack` does. Returns the path of the tarball. */
export function pack(folder: string): string {
  return join(folder, run('npm', ['pack', '--ignore-scripts', '--silent'], folder).trim())
}

function run(command: string, args: readonly string[], cwd: string): string {
  const path = `${join(PACKAGE_FOLDER, 'node_modules/.bin')}:${process.env.PATH}`
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stdout}${stderr}`)
  return stdout
}
