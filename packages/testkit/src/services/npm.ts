import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunCommand } from './server.ts'

const LOOPBACK_ONLY = fileURLToPath(new URL('programs/loopback-only.ts', import.meta.url))

/** Installs packages of npm for themselves, native parts left out. */
export function installFromNpm(home: string, run: RunCommand, ...packages: readonly string[]): Promise<void> {
  const quietly = ['--no-audit', '--no-fund', '--ignore-scripts', '--omit=optional']
  return run(['npm', 'install', ...quietly, '--prefix', home, ...packages])
}

/** A script out of an installed package, as a server on 127.0.0.1 alone. */
export function nodeServer(home: string, script: string, ...options: readonly string[]): string[] {
  return [process.execPath, '--import', LOOPBACK_ONLY, join(home, 'node_modules', script), ...options]
}
