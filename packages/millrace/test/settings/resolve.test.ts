import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SETTING_KEYS, type SettingKey, variableOf } from '../../src/settings/keys.ts'
import { resolveSettings, warningsOf } from '../../src/settings/resolve.ts'

const NOTHING = { flags: {}, environment: {}, configFile: undefined }

const resolve = (flags: Record<string, unknown>, environment: Record<string, string> = {}) =>
  resolveSettings({ ...NOTHING, flags, environment })

describe('settings', () => {
  test('need nothing: the defaults are the embedded pipeline', async () => {
    const { values, origins } = await resolve({})
    expect(values).toMatchObject({
      source: 'embedded:./data/stream.db',
      lake: './lake',
      datasets: ['pin', 'geo', 'user'],
      group: 'millrace',
      every: 10_000,
      dashboard: true,
    })
    expect(values.topics).toBeUndefined()
    expect([origins.lake.name, origins.topics.name]).toEqual(['default', 'not set'])
  })

  test('a flag goes before the environment, the environment before the default', async () => {
    const { values, origins } = await resolve({ lake: './a' }, { MILLRACE_LAKE: './b', MILLRACE_GROUP: 'c' })
    expect([values.lake, origins.lake]).toEqual(['./a', { kind: 'flag', name: '--lake' }])
    expect([values.group, origins.group]).toEqual(['c', { kind: 'environment', name: 'MILLRACE_GROUP' }])
  })

  test('an empty variable counts as not set', async () => {
    expect((await resolve({}, { MILLRACE_LAKE: '' })).origins.lake.kind).toBe('default')
  })

  test.each([
    ['every', '500ms', 500],
    ['every', '1.5s', 1500],
    ['every', '2m', 120_000],
    ['maxRows', '1000', 1000],
    ['maxRefused', '2.5%', 0.025],
    ['rate', '1000/s', 1000],
    ['rate', '30/m', 0.5],
    ['datasets', 'pin, geo', ['pin', 'geo']],
    ['topics', 'pin=0a1.pin,geo=0a1.geo', { pin: ['0a1.pin'], geo: ['0a1.geo'] }],
    ['topics', 'pin=a,pin=b', { pin: ['a', 'b'] }],
    [
      'topics',
      'pin=events[key=pin-partition],geo=events[type=geo]',
      { pin: ['events[key=pin-partition]'], geo: ['events[type=geo]'] },
    ],
    ['topics', 'pin=/(a|b)-pin/,geo=c', { pin: ['/(a|b)-pin/'], geo: ['c'] }],
    ['topics', 'shop\\..{1,9}', { '*': ['/shop\\..{1,9}/'] }],
    ['topics', { '*': '/a.*/', pin: ['b'] }, { '*': ['/a.*/'], pin: ['b'] }],
    ['tables', 'pin=0a1_pin_table', { pin: '0a1_pin_table' }],
    ['start', 'latest', 'latest'],
    ['start', '2026-11-01', { time: Date.UTC(2026, 10, 1) }],
    ['start', '2026-11-01 12:30', { time: Date.UTC(2026, 10, 1, 12, 30) }],
    ['start', '2026-11-01T12:30:00.5+02:00', { time: Date.UTC(2026, 10, 1, 10, 30, 0, 500) }],
    ['dashboard', '127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['dashboard', '[::1]:4680', { host: '::1', port: 4680 }],
    ['dashboard', 'false', false],
    ['dashboard', true, true],
  ] as const)('%s reads %j as %j', async (key, written, meant) => {
    expect((await resolve({ [key]: written })).values[key]).toEqual(meant)
  })

  test.each([
    ['every', '10 parsecs'],
    ['every', '0s'],
    ['maxRows', '0'],
    ['maxRefused', '10'],
    ['maxRefused', '101%'],
    ['maxRows', '1e3'],
    ['rate', '1000'],
    ['rate', '0/s'],
    ['datasets', ''],
    ['datasets', 'pin,pin'],
    ['topics', 'pin'],
    ['topics', 'pni=x'],
    ['topics', '('],
    ['topics', 'pin=/a(/'],
    ['topics', 'pin=/a/[key=b]'],
    ['topics', 'pin=x[key]'],
    ['tables', 'pni=x'],
    ['tables', 'pin=a/b'],
    ['tables', 'pin=geo'],
    ['tables', 'pin=t,geo=t'],
    ['topics', 'pin=x[key=a]b'],
    ['start', 'yesterday'],
    ['start', '2026-13-01'],
    ['dashboard', 'localhost'],
    ['dashboard', '127.0.0.1:65536'],
    ['group', 'a b'],
    ['mode', 'some'],
    ['lake', ' '],
  ] as const)('%s refuses %j by its name and where it came from', async (key, written) => {
    const refused = resolve({ [key]: written })
    await expect(refused).rejects.toMatchObject({ code: 'CONFIG_INVALID', exitCode: 2 })
    await expect(refused).rejects.toThrow(`setting \`${key}\` (from --`)
  })

  test('a data set that the command is not about may have a table all the same', async () => {
    const { values } = await resolve({ datasets: 'pin', tables: 'geo=geo_2' })
    expect(values.tables).toEqual({ geo: 'geo_2' })
  })

  test('all that is wrong is said at once', async () => {
    const refused = resolve({ every: 'soon' }, { MILLRACE_RATE: 'fast' })
    await expect(refused).rejects.toThrow(/`every` \(from --every\).*\n.*`rate` \(from MILLRACE_RATE\)/)
  })
})

describe('a misspelt variable', () => {
  test('is refused with the nearest right one', async () => {
    await expect(resolve({}, { MILLRACE_LAEK: 'x' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      next: 'Did you mean MILLRACE_LAKE?',
    })
  })

  test.each([
    'MILLRACE_GATEWAY_KEY',
    'MILLRACE_KAFKA_USERNAME',
    'MILLRACE_KAFKA_PASSWORD_FILE',
    'MILLRACE_KAFKA_TOKEN',
  ])('is not %s, which holds a secret', async (variable) => {
    await expect(resolve({}, { [variable]: 'hunter2' })).resolves.toBeDefined()
  })

  test('is told from one that is not a setting at all', async () => {
    await expect(resolve({}, { MILLRACE_SHARED: 'x', MILLRACE_REQUIRE_SERVICES: '1' })).resolves.toBeDefined()
  })
})

describe('a password in an address', () => {
  test.each(['source', 'lake', 'raw', 'from', 'to'] as const)('is refused in %s and never shown', async (key) => {
    const refused = resolve({}, { [variableOf(key)]: 'mysql://root:hunter2@db/x' })
    await expect(refused).rejects.toMatchObject({ code: 'SECRET_IN_URL', exitCode: 2 })
    await expect(refused).rejects.toThrow(/^((?!hunter2).)*$/s)
  })
})

test('a secret is found in lists and maps of the configuration file too', async () => {
  for (const value of [['./here', 's3://b/x?sig=hunter2'], './here,s3://b/x?sig=hunter2']) {
    await expect(resolve({ datasetFolders: value })).rejects.toMatchObject({ code: 'SECRET_IN_URL' })
  }
})

describe('a secret that would travel in the clear', () => {
  const warned = async (address: string, environment: Record<string, string> = {}) => {
    const settings = await resolve({ source: address, to: address })
    return warningsOf(settings, ['source'], environment)
  }
  const KEY = { MILLRACE_GATEWAY_KEY: 'hunter2' }

  test.each([
    ['kafka://one:9092?sasl=plain', 'sasl=plain without TLS sends the password', {}],
    ['kafka://one:9092?sasl=plain&ssl=false', 'sasl=plain without TLS sends the password', {}],
    ['kafka://one:9092?sasl=oauthbearer', 'sasl=oauthbearer without TLS sends the token', {}],
    ['rest:http://proxy:8082', 'MILLRACE_GATEWAY_KEY is sent over plain http', KEY],
  ])('%s is warned of by the name of its setting', async (address, why, environment) => {
    const [warning, ...more] = await warned(address, environment)
    expect(more).toEqual([])
    expect(warning).toContain(`setting \`source\` (from --source): ${why}`)
    expect(warning).not.toContain('hunter2')
  })

  test.each([
    ['kafka://one:9092?sasl=plain&ssl=true', {}],
    ['kafka://one:9092?sasl=plain&ca=ca.pem', {}],
    ['kafka://one:9092?sasl=scram-sha-512', {}],
    ['kafka://one:9092', {}],
    ['rest:http://proxy:8082', {}],
    ['rest:https://proxy:8082', KEY],
    ['rest:http://127.0.0.1:8082', KEY],
  ])('%s is nothing to warn of', async (address, environment) => {
    expect(await warned(address, environment)).toEqual([])
  })
})

test('the login of a schema registry over plain http to another machine is warned of', async () => {
  const warned = async (registry: string, environment: Record<string, string>) =>
    warningsOf(await resolve({ registry }), ['registry'], environment)
  const login = { MILLRACE_REGISTRY_TOKEN: 'hunter2' }
  expect(await warned('http://registry:8081', login)).toEqual([
    expect.stringContaining('the login of the schema registry'),
  ])
  expect(await warned('http://registry:8081', {})).toEqual([])
  expect(await warned('https://registry:8081', login)).toEqual([])
  expect(await warned('http://127.0.0.1:8081', login)).toEqual([])
})

test('whoever gives the gateway the key of a client is told the right name', async () => {
  const warned = async (environment: Record<string, string>, used: readonly SettingKey[]) =>
    warningsOf(await resolve({}, environment), used, environment)
  const KEY = { MILLRACE_GATEWAY_KEY: 'hunter2' }
  expect(await warned(KEY, ['keyFile'])).toEqual([expect.stringContaining('are in MILLRACE_GATEWAY_KEYS')])
  expect(await warned({ ...KEY, MILLRACE_GATEWAY_KEYS: 'hunter3' }, ['keyFile'])).toEqual([])
  expect(await warned(KEY, ['to'])).toEqual([])
})

test('whatever the environment holds, a setting gets a value or the error names its variable', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...SETTING_KEYS), fc.string({ minLength: 1 }), async (key, text) => {
      const outcome = await resolve({}, { [variableOf(key)]: text }).then(
        ({ origins }) => origins[key].name,
        (error: Error) => error.message,
      )
      expect(outcome).toContain(variableOf(key))
    }),
  )
})
