import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
// What an address means is decided before any connection: it is tested by itself.
import { parsePostgresAddress } from '../../src/postgres/address.ts'

test('an address says where, TLS is on unless the server is on this machine', () => {
  expect(parsePostgresAddress('postgres://loader@db.example/posts?schema=live')).toEqual({
    ...{ host: 'db.example', port: 5432, user: 'loader', database: 'posts', schema: 'live', tls: {} },
  })
  expect(parsePostgresAddress('postgres://[::1]:5433/posts')).toEqual({
    ...{ host: '::1', port: 5433, user: 'postgres', database: 'posts', schema: 'public', tls: false },
  })
  expect(parsePostgresAddress('postgres://127.example.com/posts').tls).toEqual({})
  expect(parsePostgresAddress('postgres://localhost/posts?ssl=true').tls).toEqual({})
  expect(parsePostgresAddress('postgres://db.example/posts?ssl=false').tls).toBe(false)
})

test.each([
  ['postgres://me:secret@db.example/posts', 'SECRET_IN_URL'],
  ['postgres://db.example/posts?password=secret', 'SECRET_IN_URL'],
  ['postgres://db.example', 'OUTPUT_ADDRESS'],
  ['postgres://db.example/a/b', 'OUTPUT_ADDRESS'],
  ['postgres://db.example/posts?sslmode=require', 'OUTPUT_ADDRESS'],
  ['postgres://db.example/posts?ssl=maybe', 'OUTPUT_ADDRESS'],
  ['postgres://db.example/posts?ssl=false&ca=a.pem', 'OUTPUT_ADDRESS'],
  ['postgres://db.example/posts?ca=/nowhere.pem', 'CONFIG_INVALID'],
  ['postgres:posts', 'OUTPUT_ADDRESS'],
])('%s is refused with %s, and no password is repeated', (address, code) => {
  expect(() => parsePostgresAddress(address)).toThrow(
    expect.objectContaining({ code, message: expect.not.stringContaining('secret') }),
  )
})

test('what an address leaves out is in the service, with the password', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-service-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  onTestFinished(() => void vi.unstubAllEnvs())
  const file = join(folder, 'services')
  await writeFile(
    file,
    '# ours\n[other]\nhost=other.example\n\n[live]\nhost = db.example\nport=5433\ndbname=posts\nuser=loader\npassword=se cret=\nsslmode=require\n',
  )
  vi.stubEnv('PGSERVICEFILE', file)
  const live = { host: 'db.example', port: 5433, user: 'loader', database: 'posts', password: 'se cret=', tls: {} }
  expect(parsePostgresAddress('postgres:///?service=live')).toEqual({ ...live, schema: 'public' })
  expect(parsePostgresAddress('postgres://me@127.0.0.1:5434/mine?service=live&schema=s')).toEqual({
    ...{ host: '127.0.0.1', port: 5434, user: 'me', database: 'mine', schema: 's', password: 'se cret=', tls: false },
  })
  vi.stubEnv('PGSERVICE', 'live')
  expect(parsePostgresAddress('postgres:///')).toMatchObject(live)
  expect(() => parsePostgresAddress('postgres:///?service=none')).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  )
})
