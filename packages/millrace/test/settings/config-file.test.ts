import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defineConfig } from '../../src/index.ts'
import { ended, runMillrace, startMillrace, temporaryFolder } from '../run-millrace.ts'

async function configOf(text: string, ...args: string[]) {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'millrace.config.ts'), text)
  return await runMillrace(['config', '--json', ...args], { cwd: folder.path, env: { MILLRACE_GROUP: 'mine' } })
}

const DEFINED = `import { defineConfig } from 'millrace'
export default defineConfig({ lake: './there', group: 'theirs', maxRows: 5, topics: { pin: 'my.pin' } })
`

test('millrace.config.ts in the working folder stands between environment and defaults', async () => {
  const { code, out } = await configOf(DEFINED, '--every', '1m')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toEqual(
    expect.arrayContaining([
      { setting: 'lake', value: './there', origin: 'millrace.config.ts' },
      { setting: 'maxRows', value: 5, origin: 'millrace.config.ts' },
      { setting: 'topics', value: { pin: 'my.pin' }, origin: 'millrace.config.ts' },
      { setting: 'group', value: 'mine', origin: 'MILLRACE_GROUP' },
      { setting: 'every', value: '1m', origin: '--every' },
      { setting: 'out', value: './reports', origin: 'default' },
    ]),
  )
})

test('a flag of two settings is, for config, that of the one that is called so', async () => {
  const { code, out } = await configOf(DEFINED, '--to', 'console')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toEqual(
    expect.arrayContaining([
      { setting: 'to', value: 'console', origin: '--to' },
      { setting: 'outputs', value: 'delta', origin: 'default' },
    ]),
  )
})

test('--config names another file, from any folder', async () => {
  using folder = temporaryFolder()
  mkdirSync(join(folder.path, 'conf'))
  writeFileSync(join(folder.path, 'conf/other.ts'), DEFINED)
  const { out } = await runMillrace(['config', '--json', '--config', 'conf/other.ts'], { cwd: folder.path })
  expect(JSON.parse(out)).toContainEqual({ setting: 'lake', value: './there', origin: 'conf/other.ts' })
})

test.each([
  ['a misspelt key', 'export default { laek: "x" }', 'has an unknown setting `laek`', 'Did you mean `lake`?'],
  ['a wrong value', 'export default { every: 7 }', 'setting `every` (from millrace.config.ts): 7', 'millrace config'],
  ['no settings', 'export const lake = "x"', 'does not export its settings', 'export default defineConfig'],
  ['a syntax error', 'export default {', 'could not be loaded', '--debug'],
  ['an import that fails', 'import "./nowhere.ts"', 'could not be loaded', '--debug'],
])('%s is refused with what to do', async (_, text, says, next) => {
  const { code, out, err } = await configOf(text)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain('error[CONFIG_INVALID]: ')
  expect(err).toContain(says)
  expect(err.slice(err.indexOf('next: '))).toContain(next)
})

test('what throws outside of every command is told as a defect, with its stack only on demand', async () => {
  const text = 'setTimeout(() => { throw new Error("too late") }); await new Promise(() => {})'
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'millrace.config.ts'), text)
  const run = (...args: string[]) => ended(startMillrace(['config', '--json', ...args], { cwd: folder.path }))
  const plain = await run()
  expect(plain).toEqual({ code: 1, out: '', err: expect.stringMatching(/^error\[INTERNAL\]: too late\nnext: .*\n$/) })
  const debug = await run('--debug')
  expect(debug.err).toMatch(/caused by: Error: too late\n +at /)
})

test.runIf(process.getuid?.() === 0)(
  'what somebody else has left where everybody may write is not run unasked',
  async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'millrace.config.ts')
    writeFileSync(
      file,
      `import { writeFileSync } from 'node:fs'
writeFileSync('ran', '')
export default { group: 'theirs' }`,
    )
    chownSync(file, 65_534, 65_534)
    chmodSync(folder.path, 0o1777)
    const unasked = await runMillrace(['config'], { cwd: folder.path })
    expect(unasked).toMatchObject({ code: 2, err: expect.stringContaining("somebody else's") })
    expect(existsSync(join(folder.path, 'ran'))).toBe(false)
    const asked = await runMillrace(['config', '--config', file], { cwd: folder.path })
    expect(asked).toMatchObject({ code: 0, out: expect.stringContaining('theirs') })
  },
)

test('secrets are masked in every form', async () => {
  for (const args of [['config'], ['config', '--json'], ['config', '--every', 'wrong']]) {
    const { out, err } = await runMillrace(args, { env: { MILLRACE_GATEWAY_KEYS: 'hunter2,hunter3' } })
    expect(out + err).not.toContain('hunter')
    expect(out + err).toMatch(/gatewayKeys.*\*\*\*.*MILLRACE_GATEWAY_KEYS|wrong/)
  }
  const wrong = await runMillrace(['config'], { env: { MILLRACE_GATEWAY_KEYS: 'hunter2,hunter2' } })
  expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('`gatewayKeys` (from MILLRACE_GATEWAY_KEYS)') })
  expect(wrong.err).not.toContain('hunter')
})

test('defineConfig knows the settings and their types', () => {
  const config = { every: '10s', datasets: ['pin'], dashboard: false }
  expect(defineConfig(config)).toBe(config)
  // @ts-expect-error a misspelt key does not compile
  defineConfig({ laek: './lake' })
  // @ts-expect-error nor does a value of another kind
  defineConfig({ lake: 7 })
})
