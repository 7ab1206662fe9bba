import { describe, expect, it } from 'vitest'
import { parseMysqlAddress } from '../../src/mysql/address.ts'

const TABLES = { pin: 'pinterest_data', geo: 'geolocation_data', user: 'user_data' }

const parse = (address: string) =>
  parseMysqlAddress(address, ['pin', 'geo', 'user', 'order'], TABLES, { MYSQL_PWD: 'from-there' })

describe('the address of a MySQL database', () => {
  it('names server, user and database; the password comes from the environment', () => {
    expect(parse('mysql://me%40home@db.example:3307/pinterest_data')).toMatchObject({
      host: 'db.example',
      port: 3307,
      user: 'me@home',
      password: 'from-there',
      database: 'pinterest_data',
    })
    expect(parse('mysql://[::1]/app')).toMatchObject({ host: '::1', port: 3306, user: 'root' })
  })

  it('a password in it is refused, and the message does not repeat it', () => {
    const failing = () => parse('mysql://me:hush@db.example/app')
    expect(failing).toThrow(
      expect.objectContaining({ code: 'SECRET_IN_URL', next: expect.stringContaining('MYSQL_PWD') }),
    )
    expect(failing).not.toThrow(/hush/)
  })

  it.each([
    ['mysql://db.example/app', {}],
    ['mysql://db.example/app?ssl=false', undefined],
    ['mysql://localhost/app', undefined],
    ['mysql://127.example.com/app', {}],
    ['mysql://127.0.0.1/app?ssl=true', {}],
    ['mysql://x.abc.eu-west-1.rds.amazonaws.com/app', 'Amazon RDS'],
  ])('%s: TLS %o', (address, tls) => {
    expect(parse(address).tls).toEqual(tls)
  })

  it("names tables that are not called as the emulator's are", () => {
    const { tableOf } = parse('mysql://db.example/app?pin=posts')
    expect(['pin', 'geo', 'user', 'order'].map(tableOf)).toEqual(['posts', 'geolocation_data', 'user_data', 'order'])
  })

  it.each([
    'mysql://',
    'mysql://db.example',
    'mysql://db.example/app/more',
    'mysql://db.example/app?ssl=maybe',
    'mysql://db.example/app?tls=true',
    'mysql://db.example/app?ssl=false&ca=x',
  ])('%s is refused', (address) => {
    expect(() => parse(address)).toThrow(expect.objectContaining({ code: 'SOURCE_ADDRESS' }))
  })
})
