import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installFromDebian } from './debian.ts'
import type { Installation, RunCommand } from './server.ts'
import { missingTool } from './toolchain.ts'

const PACKAGES = ['buildah', 'libgpgme11', 'mmdebstrap']
const BASE = ['libc6', 'libstdc++6', 'libgcc-s1', 'ca-certificates', 'tzdata', 'base-files']
const BUILD = [...BASE, 'libatomic1', 'dash', 'coreutils', 'findutils', 'binutils', 'sed', 'grep']

/**
 * What images are built with, in `<home>/root/usr/bin`, and in the place of base images, which no registry of
 * packages has, `<home>/base.tar` (a C library) and `<home>/build.tar` (a shell and strip besides), of Debian's packages.
 * The programs find their libraries where `<home>/ld.cache` stands for /etc/ld.so.cache.
 */
export const images: Installation = {
  pins: `Debian's ${[...PACKAGES, '/', ...BASE, '/', ...BUILD].join(' ')}`,
  missing: () => missingTool('apt-get', 'dpkg-deb', 'ldconfig', 'unshare', 'perl'),
  install: async (home, run) => {
    await installFromDebian(home, run, PACKAGES)
    await makeRoot(home, run, 'base.tar', BASE)
    await makeRoot(home, run, 'build.tar', BUILD)
    const folders = [join(home, 'root/usr/lib/x86_64-linux-gnu'), '/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu']
    await writeFile(join(home, 'ld.conf'), `${folders.join('\n')}\n`)
    await run(['ldconfig', '-C', join(home, 'ld.cache'), '-f', join(home, 'ld.conf')])
  },
}

function makeRoot(home: string, run: RunCommand, name: string, packages: readonly string[]): Promise<void> {
  const mmdebstrap = ['perl', join(home, 'root/usr/bin/mmdebstrap'), '--variant=extract']
  return run([...mmdebstrap, `--include=${packages.join()}`, 'bookworm', join(home, name)])
}
