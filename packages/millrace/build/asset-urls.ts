import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Rolldown } from 'tsdown'

const OURS = /\/packages\/\w+\/src\/.*\.ts$/
const URL_OF_FILE = /new URL\((['"])(\.{0,2}[^'"]+)\1, import\.meta\.url\)/g

/**
 * Takes along what our modules name by `new URL('…', import.meta.url)`: a module, such as that of a worker thread, as
 * a file of its own that runs by itself; anything else as it is.
 */
export function assetUrls(): Rolldown.Plugin {
  return {
    name: 'asset-urls',
    transform: {
      filter: { id: OURS, code: 'import.meta.url' },
      async handler(code, id) {
        const paths = [...code.matchAll(URL_OF_FILE)].map(([, , path = '']) => path)
        const urls = new Map<string, string>()
        for (const path of paths) urls.set(path, await this.emitFile(await fileFor(join(dirname(id), path))))
        return code.replace(URL_OF_FILE, (_, _quote, path) => `new URL(import.meta.ROLLUP_FILE_URL_${urls.get(path)})`)
      },
    },
  }
}

async function fileFor(path: string): Promise<Rolldown.EmittedFile> {
  const name = basename(path)
  if (path.endsWith('.ts'))
    return { type: 'chunk', id: path, name: `${basename(dirname(path))}-${basename(path, '.ts')}` }
  return { type: 'asset', name, source: await readFile(path) }
}
