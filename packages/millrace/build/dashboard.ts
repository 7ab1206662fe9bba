import { pathToFileURL } from 'node:url'
import type { Rolldown } from 'tsdown'

const READER = /\/watch\/src\/page-files\.ts$/

/** What the module exports that reads the dashboard's files in the workspace. */
interface Reader {
  readPageFiles(): Promise<{
    readonly html: string
    readonly policy: string
    readonly files: ReadonlyMap<string, { readonly type: string; readonly body: Buffer | string }>
  }>
}

/** Reads the dashboard's files once, while building, into one file of the package. */
export function dashboard(): Rolldown.Plugin {
  return {
    name: 'dashboard',
    load: {
      filter: { id: READER },
      async handler(id) {
        const { readPageFiles }: Reader = await import(pathToFileURL(id).href)
        const { files, ...page } = await readPageFiles()
        const packed = [...files].map(([path, { type, body }]) => [path, type, Buffer.from(body).toString('base64')])
        const source = JSON.stringify({ ...page, files: packed })
        const url = this.emitFile({ type: 'asset', name: 'dashboard.json', source })
        return { code: readerOf(url), moduleType: 'js' }
      },
    },
  }
}

function readerOf(url: string): string {
  return `import { readFile } from 'node:fs/promises'
export async function readPageFiles() {
  const { files, ...page } = JSON.parse(await readFile(new URL(import.meta.ROLLUP_FILE_URL_${url}), 'utf8'))
  return { ...page, files: new Map(files.map(([path, type, body]) => [path, { type, body: Buffer.from(body, 'base64') }])) }
}
`
}
