import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../src/commands/index.ts'
import { runMillrace } from './run-millrace.ts'

const names = COMMANDS.map(({ name }) => name)

describe('--help', () => {
  test('lists the settings of a command as the command names them, the source first', async () => {
    const { out } = await runMillrace(['stream', '--help'])
    const flags = [...out.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, flag]) => flag)
    expect(flags.slice(0, 3)).toEqual(['--source', '--lake', '--to'])
  })

  test('lists every command', async () => {
    const { code, out, err } = await runMillrace(['--help'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const listed = [...out.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name]) => name)
    expect(listed).toEqual(expect.arrayContaining(names))
  })

  test('is what no words at all print', async () => {
    expect((await runMillrace([])).out).toBe((await runMillrace(['--help'])).out)
  })

  test.each(names)('of %s shows examples that call it', async (name) => {
    const { code, out } = await runMillrace([name, '--help'])
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`Examples:\\n.*millrace ${name}`))
  })
})

test('--version prints the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  expect(await runMillrace(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' })
})

test('an engine without its address is wrong use as well', async () => {
  const { code, err } = await runMillrace(['batch', '--engine', 'trino'])
  expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('Say --trino http') })
})

describe('wrong use ends with exit code 2 and the nearest right name', () => {
  test.each([
    { args: ['strem'], says: "unknown command 'strem'", next: 'Did you mean stream?' },
    { args: ['config', '--laek', 'x'], says: "unknown option '--laek'", next: 'Did you mean --lake?' },
    { args: ['config', '--laek=x'], says: "unknown option '--laek'", next: 'Did you mean --lake?' },
    { args: ['config', '--jsno'], says: "unknown option '--jsno'", next: 'Did you mean --json?' },
    { args: ['config', '--qqqq'], says: "unknown option '--qqqq'", next: 'See millrace config --help.' },
    {
      args: ['config', '--lake'],
      says: "option '--lake <PLACE>' argument missing",
      next: 'See millrace config --help.',
    },
    { args: ['config', '--lake', '--json'], says: "option '--lake <PLACE>' argument '--json' is invalid", next: 'See' },
    { args: ['sql', 'select', '1'], says: 'too many arguments', next: 'Put what has spaces into quotes.' },
    { args: ['sql', '--format', 'xml', 'select 1'], says: '--format does not know "xml"', next: 'table, json, csv' },
    { args: ['ingest', '--count', 'ten'], says: '--count takes a whole number, not "ten"', next: '--help' },
  ])('$args', async ({ args, says, next }) => {
    const { code, out, err } = await runMillrace(args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    const [first, second] = err.split('\n')
    expect(first).toContain(`error[USAGE]: ${says}`)
    expect(second).toMatch(/^next: /)
    expect(second).toContain(next)
  })
})

test.each([[['--', 'config', '--json']], [['config', '--', '--json']]])('a leading -- is ignored: %j', async (args) => {
  const { code, out } = await runMillrace(args)
  expect(code).toBe(0)
  expect(JSON.parse(out)).toContainEqual({ setting: 'lake', value: './lake', origin: 'default' })
})

test('SQL may begin with a comment', async () => {
  const { out, err } = await runMillrace(['sql', '-- one\nselect 1 as x', '--format', 'csv'])
  expect({ out, err }).toEqual({ out: 'x\n1\n', err: '' })
})

test.each([
  ['json', '[{"a":1}]\n\n[{"b":2},\n{"b":3}]\n'],
  ['csv', 'a\n1\n\nb\n2\n3\n'],
  ['markdown', '| a |\n| ---: |\n| 1 |\n\n| b |\n| ---: |\n| 2 |\n| 3 |\n'],
  ['table', /^ *a *\n─+\n *1 *\n\n *b *\n─+\n *2 *\n *3 *\n$/],
])('the results of several statements come one after another as %s, in a pipe too', async (format, expected) => {
  const { code, out, err } = await runMillrace([
    'sql',
    'select 1 as a; set threads = 1; select unnest([2, 3]) as b',
    '--format',
    format,
  ])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected))
})

test.each(['arrow', 'parquet'])('a file of %s holds one result', async (format) => {
  const { code, err } = await runMillrace(['sql', 'select 1 as a; select 2 as b', '--format', format])
  expect(code).toBe(2)
  expect(err).toContain('Give one SELECT')
})

test('an error shows its stack and causes only with --debug', async () => {
  const plain = await runMillrace(['config', '--config', 'nowhere.ts'])
  expect(plain.code).toBe(2)
  expect(plain.err.trim().split('\n')).toHaveLength(2)
  const debug = await runMillrace(['config', '--config', 'nowhere.ts', '--debug'])
  expect(debug.err).toContain(plain.err)
  expect(debug.err).toMatch(/\n +at .*config-file\.ts/)
})
