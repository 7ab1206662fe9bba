import { globSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunCommand } from './server.ts'

/**
 * Debian packages, and what they need that the machine lacks, unpacked into `root`: nothing of the machine changes.
 * Only the packages named are sure to be in `root`: apt leaves out what the machine has.
 */
export async function installFromDebian(home: string, run: RunCommand, names: readonly string[]): Promise<void> {
  const apt = join(home, 'apt')
  const [lists, cache] = [join(apt, 'lists'), join(apt, 'cache')]
  const archives = join(cache, 'archives')
  await Promise.all([join(lists, 'partial'), join(archives, 'partial')].map((path) => mkdir(path, { recursive: true })))
  const apart = [`Dir::State::lists=${lists}`, `Dir::Cache=${cache}`, 'Debug::NoLocking=1', 'APT::Sandbox::User=']
  const aptGet = ['apt-get', '--quiet', ...apart.flatMap((option) => ['-o', option])]
  await run([...aptGet, '-o', 'Acquire::Languages=none', 'update'])
  await run([...aptGet, '--yes', '--no-install-recommends', '--download-only', '--reinstall', 'install', ...names])
  for (const file of globSync(join(archives, '*.deb'))) await run(['dpkg-deb', '-x', file, join(home, 'root')])
  await rm(apt, { recursive: true })
}

/** Returns the environment in which unpacked programs find unpacked libraries. */
export function libraries(home: string) {
  return { LD_LIBRARY_PATH: globSync(join(home, 'root/{usr/,}lib/*-linux-gnu')).join(':') }
}
