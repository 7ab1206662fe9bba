import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const REAL_ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The rules themselves are the real ones. */
const RULES = ['tsconfig.json', 'biome.json', '.gitignore']

const FILES: Readonly<Record<string, string>> = {
  'package.json': json({
    name: 'sample',
    private: true,
    type: 'module',
    scripts: { millrace: 'node packages/millrace/src/main.ts' },
    devDependencies: { '@types/node': '26.6.6' },
  }),
  'pnpm-workspace.yaml': 'packages:\n  - packages/*\n  - bench\n',
  'bench/package.json': json({ name: '@millrace/bench', private: true, type: 'module' }),
  'bench/sums/benchmark.ts': 'export const benchmark = 1 + 1\n',
  'bench/sums/contestants/ours.ts': 'export const ours = 2\n',
  'bench/test/programs/idle.ts': 'export const idle = 0\n',
  'packages/base/package.json': packageJson('base', {}),
  'packages/base/src/index.ts': "export { greeting } from './greeting.ts'\n",
  'packages/base/src/greeting.ts': "export const greeting = 'hello'\n",
  'packages/delta/package.json': packageJson('delta', { '@millrace/base': 'workspace:*' }),
  'packages/delta/src/index.ts':
    "import { greeting } from '@millrace/base'\n\nexport function greet(name: string): string {\n  return [greeting, name].join(' ')\n}\n",
  'packages/millrace/package.json': packageJson('millrace', { '@millrace/delta': 'workspace:*' }),
  'packages/millrace/src/index.ts': "/** @public */\nexport { greet } from '@millrace/delta'\n",
  'packages/millrace/src/main.ts':
    "import { greet } from '@millrace/delta'\nimport { print } from './terminal/print.ts'\n\nprint(greet('you'))\n",
  'packages/millrace/src/terminal/print.ts':
    'export function print(text: string): void {\n  process.stdout.write(text)\n}\n',
}

/** A small workspace under the real rules, with `changes` (whole files) on top. */
export function sampleWorkspace(changes: Readonly<Record<string, string>> = {}): { root: string } & Disposable {
  const root = mkdtempSync(join(tmpdir(), 'millrace-check-'))
  for (const rule of RULES) cpSync(join(REAL_ROOT, rule), join(root, rule))
  // Its exceptions are for files that the sample lacks: that they match nothing is no fault of the sample.
  const knip = readFileSync(join(REAL_ROOT, 'knip.json'), 'utf8')
  writeFileSync(
    join(root, 'knip.json'),
    knip.replace('"treatConfigHintsAsErrors": true', '"treatConfigHintsAsErrors": false'),
  )
  for (const [path, text] of Object.entries({ ...FILES, ...changes })) write(join(root, path), text)
  symlinkSync(join(REAL_ROOT, 'node_modules'), join(root, 'node_modules'))
  for (const [from, to] of [
    ['base', 'delta'],
    ['delta', 'base'],
    ['millrace', 'base'],
    ['millrace', 'delta'],
  ] as const) {
    const link = join(root, 'packages', from, 'node_modules/@millrace', to)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(root, 'packages', to), link)
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) }
}

export function packageJson(name: string, dependencies: Readonly<Record<string, string>>): string {
  return json({
    name: `@millrace/${name}`,
    private: true,
    type: 'module',
    exports: { '.': './src/index.ts' },
    dependencies,
  })
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
