import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '@millrace/testkit'
import { describe, expect, it } from 'vitest'
import { readKeyFile } from '../../src/gateway/key-file.ts'
import { openKeys } from '../../src/gateway/keys.ts'
import { openLogins } from '../../src/gateway/logins.ts'
import { readKey } from '../../src/index.ts'
import { startGateway } from './kit.ts'

const KEY = 'a-long-and-random-key'
const EVENTUALLY = { timeout: 30_000 }
const OTHER = 'quite-another-random-key'

describe('a gateway with keys', () => {
  it('lets in whoever has one, however it is presented, and nobody else', async () => {
    const { ask } = await startGateway({ keys: [readKey(KEY, 'emulator'), readKey(OTHER, 'second')] })
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
    const status = async (headers: Record<string, string>) => (await ask('GET', '/topics', undefined, headers)).status
    expect(await status({ 'x-api-key': KEY })).toBe(200)
    expect(await status({ authorization: `Bearer ${KEY}` })).toBe(200)
    expect(await status({ authorization: basic(`anybody:${KEY}`) })).toBe(200)
    expect(await status({ authorization: basic(`anybody:${OTHER}`) })).toBe(200)
    expect(await status({})).toBe(401)
    expect(await status({ authorization: 'Bearer' })).toBe(401)
    expect(await status({ 'x-api-key': KEY.slice(0, -1) })).toBe(403)
    expect(await status({ authorization: `Bearer sha256:${readKey(KEY, '').hash.toString('hex')}` })).toBe(403)
  })

  it('asks for a key before it looks at a body, and in each dialect’s words', async () => {
    const { ask } = await startGateway({ keys: [readKey(KEY, 'emulator')] })
    expect(await ask('POST', '/topics/t', '{')).toMatchObject({ status: 401, json: { error_code: 40101 } })
    expect(await ask('PUT', '/streams/s/record', '{')).toMatchObject({
      status: 401,
      json: { message: expect.any(String) },
    })
    expect(await ask('POST', '/pin/', '{')).toMatchObject({ status: 401, json: { detail: expect.any(String) } })
    for (const path of ['/docs', '/openapi.json', '/healthz'])
      expect(await ask('GET', path)).toMatchObject({ status: 200 })
  })

  it('is needed where others than this machine can reach it', async () => {
    const listen = { host: '0.0.0.0', port: 0 }
    await expect(startGateway({ listen })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  it('does not travel in plain from other machines, unless that is asked for', async () => {
    const options = { listen: { host: '0.0.0.0', port: 0 }, keys: [readKey(KEY, 'emulator')] }
    await expect(startGateway(options)).rejects.toMatchObject({ next: expect.stringContaining('allow plain HTTP') })
    const { ask } = await startGateway({ ...options, plainHttp: true })
    expect(await ask('GET', '/topics', undefined, { 'x-api-key': KEY })).toMatchObject({ status: 200 })
  })

  it('can come and go in a file while the gateway runs; a file that is wrong changes nothing', async () => {
    const path = join(await temporaryFolder(), 'keys')
    await writeFile(path, `first ${KEY}`, { mode: 0o600 })
    const notes: string[] = []
    const limits = { keyFileEveryMs: 10 }
    const { ask } = await startGateway({ keyFile: path, limits, report: (note) => void notes.push(note) })
    const status = async (key: string) => (await ask('GET', '/topics', undefined, { 'x-api-key': key })).status
    expect([await status(KEY), await status(OTHER)]).toEqual([200, 403])
    await writeFile(path, `second ${OTHER}`)
    await expect.poll(() => status(OTHER), EVENTUALLY).toBe(200)
    expect(await status(KEY)).toBe(403)
    await writeFile(path, 'second short')
    await expect.poll(() => notes.join('\n'), EVENTUALLY).toMatch(/not used.*weak/)
    expect(await status(OTHER)).toBe(200)
    expect(notes.join('\n')).not.toContain('short')
  })
})

describe('whoever guesses keys', () => {
  const keys = openKeys([readKey(KEY, 'emulator')])

  it('is kept out for a minute, also with a key that fits; who came in from there before is not', () => {
    let now = 0
    const logins = openLogins({ monotonic: () => now })
    logins.enter('10.0.0.1', KEY, keys)
    for (const address of ['10.0.0.1', '10.0.0.2']) {
      for (let i = 0; i < 10; i++) {
        expect(() => logins.enter(address, `guess-${i}`, keys)).toThrow(expect.objectContaining({ status: 403 }))
      }
      expect(() => logins.enter(address, 'guess', keys)).toThrow(
        expect.objectContaining({ status: 429, code: 42903, retryAfter: 60 }),
      )
    }
    expect(logins.enter('10.0.0.1', KEY, keys)).toMatchObject({ name: 'emulator' })
    expect(() => logins.enter('10.0.0.2', KEY, keys)).toThrow(expect.objectContaining({ status: 429 }))
    expect(logins.enter('10.0.0.3', KEY, keys)).toMatchObject({ name: 'emulator' })
    now = 61_000
    expect(logins.enter('10.0.0.2', KEY, keys)).toMatchObject({ name: 'emulator' })
  })

  it('is told when to come again', async () => {
    const { ask } = await startGateway({ keys: [readKey(KEY, 'emulator')] })
    const guess = () => ask('GET', '/topics', undefined, { 'x-api-key': 'guess' })
    for (let i = 0; i < 10; i++) await guess()
    const answer = await guess()
    expect(answer).toMatchObject({ status: 429, json: { error_code: 42903 } })
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})

describe('a key', () => {
  it.each(['hunter2', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'abababababababababababababababab'])(
    'that could be guessed is refused: %s',
    (key) => {
      expect(() => readKey(key, 'somebody')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
      expect(() => readKey(key, 'somebody')).not.toThrow(key)
    },
  )
})

describe('a key file', () => {
  it('holds hashes only, once it was read', async () => {
    const path = join(await temporaryFolder(), 'keys')
    const { hash } = readKey(OTHER, '')
    await writeFile(path, `# who may write\nemulator ${KEY}\nsha256:${hash.toString('hex')}\n`, { mode: 0o640 })
    const first = await readKeyFile(path)
    expect(first).toMatchObject({ plain: 1, rewritten: true, keys: [{ name: 'emulator' }, { name: 'line-3', hash }] })
    const text = await readFile(path, 'utf8')
    expect(text).not.toContain(KEY)
    expect(text).toMatch(/^# who may write\nemulator sha256:[0-9a-f]{64}\nsha256:[0-9a-f]{64}\n$/)
    expect((await stat(path)).mode & 0o777).toBe(0o640)
    expect(await readKeyFile(path)).toEqual({ ...first, plain: 0, rewritten: false })
  })

  it('keeps the roles of its keys', async () => {
    const path = join(await temporaryFolder(), 'keys')
    await writeFile(path, `emulator ${KEY} produce:pin,geo-* read\n`, { mode: 0o600 })
    const { keys } = await readKeyFile(path)
    expect(keys).toMatchObject([{ grants: [{ role: 'produce' }, { role: 'read' }] }])
    expect(await readFile(path, 'utf8')).toMatch(/^emulator sha256:[0-9a-f]{64} produce:pin,geo-\* read\n$/)
  })

  it.each([0o644, 0o602, 0o620])('that others can read or change is refused: mode %o', async (mode) => {
    const path = join(await temporaryFolder(), 'keys')
    await writeFile(path, KEY)
    await chmod(path, mode)
    await expect(readKeyFile(path)).rejects.toMatchObject({ next: expect.stringContaining('chmod 600') })
  })

  it('stays as it is where nothing may be written beside it', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'keys')
    await writeFile(path, KEY, { mode: 0o600 })
    await writeFile(`${path}.new`, 'somebody else’s')
    expect(await readKeyFile(path)).toMatchObject({ plain: 1, rewritten: false, keys: [readKey(KEY, 'line-1')] })
    expect(await readFile(path, 'utf8')).toBe(KEY)
  })

  it.each([
    ['', 'holds no key'],
    ['# nothing', 'holds no key'],
    ['name key more', 'line 1'],
    ['name sha256:abc', 'no hash'],
    [`one ${KEY}\ntwo ${KEY}`, 'the same key'],
  ])('is refused when it says %j', async (text, why) => {
    const path = join(await temporaryFolder(), 'keys')
    await writeFile(path, text, { mode: 0o600 })
    await expect(readKeyFile(path)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(why),
    })
  })
})
