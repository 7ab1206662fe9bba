import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { PARTS } from '../check/parts.ts'
import { packageJson, sampleWorkspace } from './sample-workspace.ts'

interface Violation {
  readonly what: string
  readonly files: Readonly<Record<string, string>>
  /** What the part says of it. */
  readonly says: string
}

const greet = (body: string) => ({
  'packages/delta/src/index.ts': `import { greeting } from '@millrace/base'\n\n${body}\nexport function greet(name: string): string {\n  return [greeting, name].join(' ')\n}\n`,
})
const inBase = (text: string) => ({ 'packages/base/src/greeting.ts': `${text}\nexport const greeting = 'hello'\n` })

const VIOLATIONS: Readonly<Record<string, readonly Violation[]>> = {
  types: [{ what: 'a wrong type', files: inBase('export const n: number = "one"\n'), says: 'TS2322' }],
  lint: [
    { what: 'other formatting', files: inBase('export const  n = 1;'), says: 'format' },
    { what: '`any`', files: inBase('export const n: any = 1\n'), says: 'noExplicitAny' },
    { what: 'a default export', files: inBase('export default 1\n'), says: 'noDefaultExport' },
    { what: 'console.log', files: inBase("console.log('hello')\n"), says: 'noConsole' },
    { what: 'an unused import', files: inBase("import { join } from 'node:path'\n"), says: 'noUnusedImports' },
    {
      what: 'an import of types without `type`',
      files: inBase("import { Stats } from 'node:fs'\n\nexport type S = Stats\n"),
      says: 'useImportType',
    },
    {
      what: 'a builtin without node:',
      files: inBase("export * as path from 'path'\n"),
      says: 'useNodejsImportProtocol',
    },
    {
      what: 'a promise that nobody waits for',
      files: inBase('async function later(): Promise<void> {}\nlater()\n'),
      says: 'noFloatingPromises',
    },
    { what: 'an undeclared dependency', files: inBase("export { z } from 'zod'\n"), says: 'noUndeclaredDependencies' },
    {
      what: "an import around a package's exports",
      files: greet("export { greeting as g } from '@millrace/base/src/greeting.ts'\n"),
      says: 'noRestrictedImports',
    },
    {
      what: 'a relative import into another package',
      files: greet("export { greeting as g } from '../../base/src/greeting.ts'\n"),
      says: 'noRestrictedImports',
    },
    {
      what: 'an import upwards',
      files: inBase("export { greet } from '@millrace/delta'\n"),
      says: 'noUndeclaredDependencies',
    },
  ],
  docs: [
    {
      what: 'a link to no file',
      files: { 'README.md': '[a](docs/none.md)\n' },
      says: 'README.md:1: docs/none.md leads nowhere',
    },
    {
      what: 'a link to no heading',
      files: { 'README.md': 'See\n[a](docs/a.md#two).\n', 'docs/a.md': '# One\n\n```\n# Two\n```\n' },
      says: 'README.md:2: docs/a.md has no heading #two',
    },
    {
      what: 'a page without a place',
      files: { 'docs/a.md': '# A\n', 'site/navigation.json': '[{ "title": "T", "pages": { "b": "B" } }]' },
      says: 'docs/a.md: has no place in site/navigation.json\nsite/navigation.json: lists docs/b.md',
    },
  ],
  layers: [
    {
      what: "a test's import past the entry of its package",
      files: {
        'packages/base/test/greeting.test.ts': "import { greeting } from '../src/greeting.ts'\n\ngreeting.at(0)\n",
      },
      says: 'import greeting from src/index.ts',
    },
    { what: 'an import upwards', files: inBase("export { greet } from '@millrace/delta'\n"), says: 'not below' },
    { what: 'a type imported upwards', files: inBase("import type {} from '@millrace/delta'\n"), says: 'not below' },
    {
      what: 'a type named upwards in place',
      files: inBase("export type G = import('@millrace/delta').Greet\n"),
      says: 'not below',
    },
    {
      what: 'folders of a package that depend on each other',
      files: {
        'packages/base/src/near/a.ts': "export { far } from '../far/b.ts'\n\nexport const near = 1\n",
        'packages/base/src/far/b.ts': "import type {} from '../near/a.ts'\n\nexport const far = 2\n",
      },
      says: 'far, near depend on each other in a circle',
    },
    {
      what: 'files that import each other, type-only too',
      files: {
        'packages/base/src/near/one.ts': "import type { Other } from './other.ts'\n\nexport type One = Other | 1\n",
        'packages/base/src/near/other.ts': "import type { One } from './one.ts'\n\nexport type Other = One[] | 2\n",
      },
      says: 'packages/base/src/near/one.ts, packages/base/src/near/other.ts depend on each other in a circle',
    },
    { what: 'a lazy import upwards', files: inBase("await import('@millrace/delta')\n"), says: 'not below' },
    {
      what: 'code that leans on what is for tests',
      files: {
        'packages/base/package.json': packageJson('base', { '@millrace/testkit': 'workspace:*' }),
        'packages/base/src/greeting.ts': "import '@millrace/testkit'\n\nexport const greeting = 'hello'\n",
      },
      says: 'packages/base/package.json: @millrace/testkit is for tests',
    },
    {
      what: 'test support that depends on a package',
      files: {
        'packages/testkit/package.json': packageJson('testkit', { '@millrace/base': 'workspace:*' }),
      },
      says: 'packages/testkit/package.json: testkit must not depend on @millrace/base',
    },
    {
      what: 'a dependency declared upwards',
      files: { 'packages/base/package.json': packageJson('base', { '@millrace/delta': 'workspace:*' }) },
      says: 'packages/base/package.json: base must not depend on @millrace/delta',
    },
    {
      what: 'an import that is not declared',
      files: { 'packages/millrace/src/other.ts': "export { greeting } from '@millrace/base'\n" },
      says: 'not declared',
    },
    {
      what: 'a relative import into another package',
      files: greet("export { greeting as g } from '../../base/src/greeting.ts'\n"),
      says: 'packages/delta/src/index.ts:3: ../../base/src/greeting.ts reaches into another package',
    },
    {
      what: "an import around a package's exports",
      files: greet("export { greeting as g } from '@millrace/base/src/greeting.ts'\n"),
      says: 'goes around the exports',
    },
    {
      what: 'a package of ours in the root',
      files: { 'package.json': packageJson('root', { '@millrace/base': 'workspace:*' }) },
      says: 'the root depends on @millrace/base',
    },
    {
      what: 'a package without a layer',
      files: { 'packages/attic/package.json': packageJson('attic', {}) },
      says: 'attic has no place in the layers',
    },
  ],
  unused: [
    { what: 'an unused file', files: { 'packages/base/src/spare.ts': 'export {}\n' }, says: 'spare.ts' },
    { what: 'an unused export', files: inBase('export const spare = 1\n'), says: 'spare' },
    { what: 'an unused export of a package', files: greet('export const spare = 1\n'), says: 'spare' },
    {
      what: 'an unused dependency',
      files: { 'packages/base/package.json': packageJson('base', { zod: '4.6.7' }) },
      says: 'zod',
    },
  ],
  map: [
    {
      what: 'a map that lacks an arrow',
      files: { 'docs/architecture.md': '```mermaid\nflowchart TD\n  delta --> base\n```\n' },
      says: 'docs/architecture.md: lacks millrace --> delta',
    },
    {
      what: 'a map with an arrow that is not so',
      files: { 'docs/architecture.md': '```mermaid\n  millrace --> delta --> base\n  millrace --> base\n```\n' },
      says: 'draws millrace --> base, which is not so',
    },
  ],
  tidy: [
    {
      what: 'a clock of its own',
      files: inBase('export const at = Date.now()\n'),
      says: 'Date.now is not from Runtime',
    },
    {
      what: 'a timer of its own',
      files: inBase("import { setTimeout as sleep } from 'node:timers/promises'\n\nawait sleep(5)\n"),
      says: 'setTimeout is not from Runtime',
    },
    { what: 'a dice of its own', files: inBase('export const die = Math.random()\n'), says: 'Math.random is not from' },
    {
      what: 'a private word in a name',
      files: inBase("export const rowFates = 'lost'\n"),
      says: 'rowFates: say outcomes, not fates',
    },
    { what: 'a private word in a comment', files: inBase('// Settles the strays.\n'), says: 'a comment says strays' },
    {
      what: 'a comment that is a fragment',
      files: inBase('/** Undefined: there is none. */\nexport const none = undefined\n'),
      says: 'a comment that is no sentence',
    },
    { what: 'a file over 400 lines', files: inBase('// more\n'.repeat(400)), says: '402 lines' },
    {
      what: 'files of over 150 lines in the middle',
      files: Object.fromEntries(
        Array.from({ length: 9 }, (_, i) => [`packages/base/src/${i}.ts`, '// more\n'.repeat(151)]),
      ),
      says: 'the median file has 151 lines',
    },
    { what: 'a promise without an issue', files: inBase('// TODO: better\n'), says: 'greeting.ts:1: a promise' },
    { what: 'a default export', files: inBase('export default 1\n'), says: 'greeting.ts:1: a default export' },
    { what: 'console.log', files: inBase("console.log('hello')\n"), says: 'greeting.ts:1: prints' },
    {
      what: 'a write to standard output',
      files: inBase("process.stdout.write('hello')\n"),
      says: 'greeting.ts:1: prints',
    },
    {
      what: 'a test that needs servers and does not say so in its name',
      files: {
        'packages/base/test/a.test.ts': "import { withServices } from '@millrace/testkit'\n\nwithServices('s3')\n",
      },
      says: 'a.test.ts:1: needs servers',
    },
    {
      what: 'a flag in a room below the command line',
      files: inBase("export const next = 'Use a new --group.'\n"),
      says: 'greeting.ts:1: names a flag',
    },
    {
      what: 'a version that is a range',
      files: { 'packages/base/package.json': packageJson('base', { zod: '^4.6.7' }) },
      says: 'zod ^4.6.7',
    },
    {
      what: 'a published package that pins what it depends on',
      files: { 'packages/base/package.json': '{ "name": "base", "dependencies": { "zod": "4.6.7" } }' },
      says: 'zod 4.6.7 is not a range',
    },
    {
      what: 'a range in the catalog',
      files: { 'pnpm-workspace.yaml': "packages:\n  - packages/*\n\ncatalog:\n  'zod': ~4.6.7\n" },
      says: 'zod ~4.6.7',
    },
  ],
}

describe.each(Object.keys(PARTS))('the part %s', (name) => {
  const run = async (files?: Readonly<Record<string, string>>) => {
    using workspace = sampleWorkspace(files)
    return await PARTS[name]?.(workspace.root)
  }

  test('passes a workspace that keeps the rules', async () => {
    expect(await run()).toMatchObject({ passed: true, output: expect.any(String) })
  })

  test.each(VIOLATIONS[name] ?? [])('refuses $what', async ({ files, says }) => {
    expect(await run(files)).toMatchObject({ passed: false, output: expect.stringContaining(says) })
  })
})

test('the settings file of a user in the root is no fault', async () => {
  using workspace = sampleWorkspace({
    'millrace.config.ts': "import { greet } from 'millrace'\n\nexport default greet('me')\n",
  })
  for (const part of Object.values(PARTS)) {
    expect(await part(workspace.root)).toMatchObject({ passed: true, output: expect.any(String) })
  }
})

test.each(['export default defineConfig({})', '// TODO(https://example.org/issues/12): better'])(
  'tidy lets `%s` stand where it may',
  async (line) => {
    using workspace = sampleWorkspace({ 'packages/base/some.config.ts': `${line}\n` })
    expect(await PARTS.tidy?.(workspace.root)).toEqual({ passed: true, output: '' })
  },
)

describe('pnpm check', () => {
  const check = (root: string, ...parts: string[]) =>
    spawnSync(process.execPath, [fileURLToPath(new URL('../check.ts', import.meta.url)), '--root', root, ...parts], {
      encoding: 'utf8',
    })

  test('runs every part, says how each went, and fails when one fails', () => {
    using workspace = sampleWorkspace(inBase("export { greet } from '@millrace/delta'\n"))
    const { status, stdout } = check(workspace.root)
    expect(status).toBe(1)
    for (const name of Object.keys(PARTS))
      expect(stdout).toMatch(new RegExp(`^(ok|FAILED) +${name} +\\d+\\.\\d s$`, 'm'))
    expect(stdout).toMatch(/^FAILED layers/m)
    expect(stdout).toContain('packages/base/src/greeting.ts:1: base must not import @millrace/delta')
  })

  test('runs the parts that are named, and passes when they pass', () => {
    using workspace = sampleWorkspace()
    const { status, stdout } = check(workspace.root, 'tidy', 'layers')
    expect({ status, lines: stdout.trim().split('\n').length }).toEqual({ status: 0, lines: 2 })
  })

  test('refuses a part that it does not know', () => {
    expect(check('.', 'typos')).toMatchObject({ status: 2, stderr: expect.stringContaining('types, lint') })
  })
})
