import { expect, test } from 'vitest'
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
