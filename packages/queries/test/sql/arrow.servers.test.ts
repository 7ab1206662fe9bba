import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { judgeArrowFile, temporaryFolder, withServices } from '@millrace/testkit'
import { describe, expect } from 'vitest'
import { openWritten } from './written.ts'

const written = openWritten()

const EVERY_TYPE = `
  SELECT true AS bool, 1::TINYINT AS i8, 2::SMALLINT AS i16, 3::INTEGER AS i32, 9007199254740993::BIGINT AS i64,
    200::UTINYINT AS u8, 60000::USMALLINT AS u16, 4000000000::UINTEGER AS u32, 18446744073709551615::UBIGINT AS u64,
    0.5::FLOAT AS f32, 0.1::DOUBLE AS f64, 12.34::DECIMAL(10, 2) AS dec, -1::HUGEINT AS huge, 'öß' AS word,
    '\\x00\\xFF'::BLOB AS bytes, DATE '2022-01-02' AS day, TIMESTAMP '2022-01-02 03:04:05.000006' AS local,
    TIMESTAMPTZ '2022-01-02 03:04:05+02' AS moment, [1.5::DOUBLE, NULL] AS list, {a: 1, b: ['x']} AS struct,
    INTERVAL 3 DAY AS other, 1 AS nth
  UNION ALL SELECT ${'NULL, '.repeat(21)} 2 ORDER BY nth`

describe('as Arrow', () => {
  const it = withServices('judge')

  it('pyarrow reads every type, and nothing where there is nothing', async ({ judge }) => {
    const file = join(await temporaryFolder(), 'types.arrow')
    await writeFile(file, await written('arrow', EVERY_TYPE))
    const { types, rows } = await judgeArrowFile(judge, file)
    expect(types).toMatchObject({
      bool: 'bool',
      i8: 'int8',
      i64: 'int64',
      u64: 'uint64',
      f32: 'float',
      dec: 'decimal128(10, 2)',
      huge: 'decimal128(38, 0)',
      word: 'string',
      bytes: 'binary',
      day: 'date32[day]',
      local: 'timestamp[us]',
      moment: 'timestamp[us, tz=UTC]',
      list: expect.stringContaining('list<'),
      struct: expect.stringContaining('struct<a: int32'),
      other: 'string',
    })
    expect(rows[0]).toMatchObject({
      bool: true,
      u8: 200,
      i32: 3,
      u32: 4_000_000_000,
      f32: 0.5,
      f64: 0.1,
      dec: '12.34',
      huge: '-1',
      word: 'öß',
      list: [1.5, null],
      struct: { a: 1, b: ['x'] },
      other: '3 days',
    })
    expect(rows[0]).toMatchObject({ i64: '9007199254740993', u64: '18446744073709551615' })
    expect(rows[0]?.day).toMatch(/^2022-01-02/)
    expect(rows[0]?.moment).toMatch(/^2022-01-02[ T]01:04:05/)
    expect(rows[1]).toEqual({ ...Object.fromEntries(Object.keys(types).map((name) => [name, null])), nth: 2 })
  })

  it('many rows are many batches, each row once', async ({ judge }) => {
    const file = join(await temporaryFolder(), 'many.arrow')
    await writeFile(
      file,
      await written('arrow', "SELECT range AS n, 'x' || range AS word FROM range(150000) ORDER BY n"),
    )
    const { rows, batches } = await judgeArrowFile(judge, file)
    expect(batches).toBeGreaterThan(1)
    expect(rows).toHaveLength(150_000)
    expect(rows[123_456]).toEqual({ n: 123_456, word: 'x123456' })
  })
})
