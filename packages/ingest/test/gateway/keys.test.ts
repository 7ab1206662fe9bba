import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '@millrace/testkit'
import { describe, expect, it } from 'vitest'
import { readKeyFile } from '../../src/gateway/key-file.ts'
import { readKey } from '../../src/gateway/keys.ts'
import { startGateway } from './kit.ts'

const KEY = 'a-long-and-random-key'
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
  ])('is refused when it says %j', async (text, why) => {
    const path = join(await temporaryFolder(), 'keys')
    await writeFile(path, text, { mode: 0o600 })
    await expect(readKeyFile(path)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(why),
    })
  })
})
