import { expect, it } from 'vitest'
import { EXACT, withOrders } from './column-types.ts'

const QUERY = `SELECT id, total::VARCHAR AS total, balance::VARCHAR AS balance, day::VARCHAR AS day,
  items[1].pieces AS pieces, address.lines[2] AS lines, labels['gift'] AS gift FROM`

it('a data set has decimals, dates, structs, lists and maps, exact in the stream and in the daily run', () =>
  withOrders(async (place) => {
    expect(await place.sql(`${QUERY} "order" ORDER BY id`)).toEqual(EXACT)
    expect(await place.run('batch', '--date', '2026-01-31')).toMatchObject({ exitCode: 0 })
    expect(await place.sql(`${QUERY} batch."order" ORDER BY id`)).toEqual(EXACT)
    expect(await place.run('verify')).toMatchObject({ exitCode: 0 })
  }))
