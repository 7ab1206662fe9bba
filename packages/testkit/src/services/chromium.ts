import { globSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installFromDebian } from './debian.ts'
import type { Server } from './server.ts'
import { missingTool } from './toolchain.ts'

const PACKAGE = 'chromium'
/** Its other half, which has to lie in the same folder: where the machine has a Chromium, apt would leave it out. */
const COMMON = 'chromium-common'

export interface ChromiumAddress {
  /** For playwright-core: `chromium.connectOverCDP(url)`. */
  readonly url: string
}

/** A browser without a screen. Whoever connects takes a context of its own and closes that, not the browser. */
export const chromium: Server<ChromiumAddress> = {
  pins: `Debian's ${PACKAGE}`,
  missing: () => missingTool('apt-get', 'dpkg-deb'),
  install: (home, run) => installFromDebian(home, run, [PACKAGE, COMMON]),
  launch: async ({ home, data, freePort }) => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const root = join(home, 'root')
    const [profile, fonts] = [join(data, 'profile'), join(data, 'fonts.conf')]
    await Promise.all([mkdir(profile), writeFile(fonts, fontConfiguration(root, join(data, 'fonts')))])
    return {
      command: [
        join(root, 'usr/lib/chromium/chromium'),
        '--headless',
        // What it shows is made by the tests themselves, and the sandbox wants rights that a test has not.
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
        `--remote-debugging-port=${port}`,
        `--user-data-dir=${profile}`,
        'about:blank',
      ],
      env: {
        HOME: data,
        FONTCONFIG_FILE: fonts,
        LD_LIBRARY_PATH: globSync(join(root, '{usr/,}lib/{*-linux-gnu,*-linux-gnu/pulseaudio,chromium}')).join(':'),
      },
      address: { url },
      ready: async () => (await fetch(`${url}/json/version`)).ok,
    }
  },
}

/** Fonts of the machine, and those that came with the browser, by Debian's own rules. */
function fontConfiguration(root: string, cache: string): string {
  const roots = ['', root]
  const folders = roots.map((from) => `<dir>${from}/usr/share/fonts</dir>`)
  const rules = roots.map((from) => `<include ignore_missing="yes">${from}/etc/fonts/fonts.conf</include>`)
  const parts = [...folders, `<cachedir>${cache}</cachedir>`, ...rules]
  return `<?xml version="1.0"?><fontconfig>${parts.join('')}</fontconfig>\n`
}
