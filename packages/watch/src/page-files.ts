import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'

/** Files of the dashboard's page as served to browsers. */
export interface PageFiles {
  readonly html: string
  /** Content security policy: the page may run its own files and call its own server. */
  readonly policy: string
  /** Files by path, without the leading slash. */
  readonly files: ReadonlyMap<string, PageFile>
}

export interface PageFile {
  readonly type: string
  readonly body: Buffer | string
}

/** Modules that both the page and the server use. */
const SHARED = ['words.ts', 'history.ts']

const VENDOR = {
  'vendor/preact.js': 'preact',
  'vendor/preact-hooks.js': 'preact/hooks',
  'vendor/uplot.js': 'uplot/dist/uPlot.esm.js',
  'vendor/uplot.css': 'uplot/dist/uPlot.min.css',
  'vendor/inter.woff2': '@fontsource-variable/inter/files/inter-latin-wght-normal.woff2',
}

const SCRIPT = 'text/javascript; charset=utf-8'
const TYPES: Readonly<Record<string, string>> = {
  ts: SCRIPT,
  js: SCRIPT,
  mjs: SCRIPT,
  css: 'text/css; charset=utf-8',
  woff2: 'font/woff2',
}

/** Reads all files of the page. */
export async function readPageFiles(): Promise<PageFiles> {
  const [names, html] = await Promise.all([readdir(own('page/')), readFile(own('page/index.html'), 'utf8')])
  const assets = names.filter((name) => /\.(ts|css)$/.test(name)).map((name) => `page/${name}`)
  const files = await Promise.all([
    ...[...assets, ...SHARED].map(async (path) => [path, await ownFile(path)] as const),
    ...Object.entries(VENDOR).map(
      async ([path, from]) => [path, await file(new URL(import.meta.resolve(from)))] as const,
    ),
  ])
  return { html, policy: policyOf(html), files: new Map(files) }
}

function own(path: string): URL {
  return new URL(path, import.meta.url)
}

async function ownFile(path: string): Promise<PageFile> {
  const { type, body } = await file(own(path))
  return { type, body: path.endsWith('.ts') ? await withoutTypes(body.toString()) : body }
}

/** Blanks out the types, as Node does, because browsers do not understand them. */
async function withoutTypes(text: string): Promise<string> {
  const { transformSync } = await import('amaro')
  return transformSync(text, { mode: 'strip-only' }).code
}

async function file(url: URL): Promise<PageFile> {
  const type = TYPES[url.pathname.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
  return { type, body: await readFile(url) }
}

function policyOf(html: string): string {
  const [, map = ''] = /<script type="importmap">([\s\S]*?)<\/script>/.exec(html) ?? []
  const hash = createHash('sha256').update(map).digest('base64')
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${hash}'`,
    "style-src 'self'",
    "font-src 'self'",
    'img-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
