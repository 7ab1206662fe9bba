import { describe, expect, it } from 'vitest'
// The address is private on purpose: what it may not hold is refused before anything is connected.
import { parseCassandraAddress } from '../../src/cassandra/address.ts'

describe('the address of Cassandra', () => {
  it('names nodes, keyspace and key; TLS is on unless the node is on this machine', () => {
    expect(
      parseCassandraAddress('cassandra://me@one,two:9143/pinterest_data?primaryKey=ind,day&dc=eu&replication=2'),
    ).toEqual({
      contactPoints: ['one:9042', 'two:9143'],
      ...{ user: 'me', keyspace: 'pinterest_data', key: ['ind', 'day'], dataCenter: 'eu', replication: 2, tls: {} },
    })
    expect(parseCassandraAddress('cassandra://127.0.0.1/k')).toMatchObject({ user: undefined, key: [], tls: false })
    expect(parseCassandraAddress('cassandra://127.0.0.1/k?ssl=true')).toMatchObject({ tls: {} })
  })

  it.each([
    ['cassandra:///k', 'OUTPUT_ADDRESS'],
    ['cassandra://host', 'OUTPUT_ADDRESS'],
    ['cassandra://host/two/names', 'OUTPUT_ADDRESS'],
    ['cassandra://host,/k', 'OUTPUT_ADDRESS'],
    ['cassandra://host/k?compression=lz4', 'OUTPUT_ADDRESS'],
    ['cassandra://host/k?ssl=maybe', 'OUTPUT_ADDRESS'],
    ['cassandra://host/k?replication=none', 'OUTPUT_ADDRESS'],
    ['cassandra://me:secret@host/k', 'SECRET_IN_URL'],
    ['cassandra://host/k?ca=/nowhere', 'CONFIG_INVALID'],
  ])('refuses %s', (address, code) => {
    expect(() => parseCassandraAddress(address)).toThrow(expect.objectContaining({ code }))
  })
})
