import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { judgeSql, sparkSql, temporaryFolder, withServices } from '@millrace/testkit'
import { expect, vi } from 'vitest'
import { runSql } from '../../src/index.ts'

const it = withServices('judge', 'spark')
vi.setConfig({ testTimeout: 240_000 })

const STATEMENTS = [
  `DELETE FROM t WHERE id % 7 = 0`,
  `UPDATE t SET word = concat(word, '!'), kind = 5 WHERE id < 10`,
  `DELETE FROM t WHERE kind = 2`,
  `MERGE INTO t USING (SELECT 1 AS id, 'one' AS word UNION ALL SELECT 40, 'forty' UNION ALL SELECT 15, 'gone') AS s ON t.id = s.id
   WHEN MATCHED AND s.word = 'gone' THEN DELETE WHEN MATCHED THEN UPDATE SET word = s.word
   WHEN NOT MATCHED THEN INSERT (id, word, kind) VALUES (s.id, s.word, 1)`,
]

const FEED = `'delta.enableChangeDataFeed' = 'true'`

for (const [name, properties] of [
  ['copied', FEED],
  ['marked', `${FEED}, 'delta.enableDeletionVectors' = 'true'`],
] as const) {
  it(`what our statements make of a table of Spark is what Spark's make of it, as are its changes (${name})`, async ({
    judge,
    spark,
  }) => {
    const lake = await temporaryFolder()
    const path = (table: string) => join(lake, table)
    for (const table of ['theirs', 'ours']) {
      const at = `delta.\`${path(table)}\``
      await sparkSql(
        spark,
        `CREATE TABLE ${at} (id BIGINT NOT NULL, word VARCHAR(10), kind INT) USING delta PARTITIONED BY (kind)
         TBLPROPERTIES (${properties}, 'delta.constraints.small' = 'id < 1000')`,
      )
      await sparkSql(spark, `INSERT INTO ${at} SELECT id, concat('w', id), id % 3 FROM range(0, 30, 1, 2)`)
    }
    for (const sql of STATEMENTS) {
      await sparkSql(spark, sql.replace(/\bt\b/, `delta.\`${path('theirs')}\` AS t`))
      await runSql(lake, sql.replace(/\bt\b/, 'ours AS t'), { writes: true })
    }
    const rows =
      'SELECT count(*) AS n, CAST(sum(id) AS BIGINT) AS ids, CAST(sum(kind) AS BIGINT) AS kinds, max(word) AS last FROM'
    const expected = await sparkSql(spark, `${rows} delta.\`${path('theirs')}\``)
    expect(expected).toMatchObject([{ last: 'w9!' }])
    expect(await sparkSql(spark, `${rows} delta.\`${path('ours')}\``)).toEqual(expected)
    expect(await judgeSql(judge, { table: path('ours'), sql: `${rows} t` })).toEqual(expected)

    const columns = '_commit_version, _change_type, id, word, kind'
    const changesOf = async (table: string) => [
      (
        await sparkSql(spark, `SELECT ${columns} FROM table_changes_by_path('${path(table)}', 0) ORDER BY ${columns}`)
      ).map((row) => Object.values(row).map(String)),
      (await runSql(lake, `SELECT ${columns} FROM table_changes('${table}', 0) ORDER BY ${columns}`)).rows.map((row) =>
        row.map(String),
      ),
    ]
    const [bySpark = [], readByUs] = await changesOf('theirs')
    expect(bySpark.length).toBeGreaterThan(40)
    expect(readByUs).toEqual(bySpark)
    expect(await changesOf('ours')).toEqual([bySpark, bySpark])

    for (const [sql, message] of [
      ['UPDATE ours SET id = NULL', 'must not be null'],
      ["UPDATE ours SET word = 'eleven signs' WHERE id = 1", 'varchar(10)'],
      ['INSERT INTO ours (id) VALUES (1000)', 'constraint small'],
    ] as const) {
      const refused = expect.objectContaining({ code: 'TABLE_SCHEMA', message: expect.stringContaining(message) })
      await expect(runSql(lake, sql, { writes: true })).rejects.toEqual(refused)
      await expect(runSql(lake, sql, { writes: true, explains: true })).rejects.toEqual(refused)
    }
    await sparkSql(spark, `ALTER TABLE delta.\`${path('ours')}\` SET TBLPROPERTIES ('delta.appendOnly' = 'true')`)
    await expect(runSql(lake, 'DELETE FROM ours', { writes: true })).rejects.toMatchObject({
      code: 'TABLE_UNSUPPORTED',
    })
  })
}

for (const mode of ['name', 'id']) {
  it(`a table whose columns are mapped by ${mode} is read, and refused by name before anything is written`, async ({
    spark,
  }) => {
    const lake = await temporaryFolder()
    const at = `delta.\`${join(lake, 't')}\``
    await sparkSql(
      spark,
      `CREATE TABLE ${at} (id BIGINT, old STRING) USING delta
       TBLPROPERTIES ('delta.columnMapping.mode' = '${mode}', 'delta.enableDeletionVectors' = 'true')`,
    )
    await sparkSql(spark, `INSERT INTO ${at} VALUES (1, 'a'), (2, 'b')`)
    await sparkSql(spark, `ALTER TABLE ${at} RENAME COLUMN old TO word`)
    const before = (await readdir(lake, { recursive: true })).sort()
    for (const sql of [
      'DELETE FROM t WHERE id = 1',
      'DELETE FROM t',
      "UPDATE t SET word = 'c'",
      "INSERT INTO t VALUES (3, 'c')",
      'INSERT INTO t SELECT id + 10, word FROM t',
      'MERGE INTO t USING (SELECT 1 AS id) AS s ON t.id = s.id WHEN MATCHED THEN DELETE',
    ]) {
      const refused = {
        code: 'TABLE_UNSUPPORTED',
        message: expect.stringContaining(`column mapping by ${mode}`) as string,
      }
      await expect(runSql(lake, sql, { writes: true })).rejects.toMatchObject(refused)
      await expect(runSql(lake, sql, { writes: true, explains: true })).rejects.toMatchObject(refused)
    }
    expect((await readdir(lake, { recursive: true })).sort()).toEqual(before)
    expect((await runSql(lake, 'SELECT id, word FROM t ORDER BY id')).rows.map((row) => row.map(String))).toEqual([
      ['1', 'a'],
      ['2', 'b'],
    ])
  })
}

it('columns that fill themselves are what Spark makes of them, and Spark goes on with them', async ({ spark }) => {
  const lake = await temporaryFolder()
  const at = (table: string) => `delta.\`${join(lake, table)}\``
  const statements = [
    `INSERT INTO t (id, moment) VALUES (1, TIMESTAMP '2026-01-01 23:30:00'), (2, NULL)`,
    `INSERT INTO t (id, moment, kind, share) VALUES (3, TIMESTAMP '2026-05-01 00:00:00', 'own', 0.5)`,
    `UPDATE t SET moment = TIMESTAMP '2027-07-07 07:07:07', id = id + 1 WHERE id = 3`,
    `UPDATE t SET kind = DEFAULT WHERE id = 4`,
    `MERGE INTO t USING (SELECT 1 AS id UNION ALL SELECT 9) AS s ON t.id = s.id
     WHEN MATCHED THEN UPDATE SET moment = NULL WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)`,
  ]
  for (const table of ['theirs', 'ours'])
    await sparkSql(
      spark,
      `CREATE TABLE ${at(table)} (id INT, moment TIMESTAMP, day DATE GENERATED ALWAYS AS (CAST(moment AS DATE)),
         hour INT GENERATED ALWAYS AS (HOUR(moment)), next INT GENERATED ALWAYS AS (id + 1),
         kind STRING DEFAULT 'new', share DECIMAL(4,2) DEFAULT -1.5) USING delta PARTITIONED BY (day)
       TBLPROPERTIES ('delta.feature.allowColumnDefaults' = 'supported')`,
    )
  for (const sql of statements) {
    await sparkSql(spark, sql.replace(/\bt\b/, `${at('theirs')} AS t`).replace('AS t (', '('))
    await runSql(lake, sql.replace(/\bt\b/, 'ours AS t').replace('AS t (', '('), { writes: true })
  }
  await sparkSql(spark, `UPDATE ${at('ours')} SET share = share + 0 WHERE id = 9`)
  const rows = 'SELECT id, CAST(moment AS STRING) AS moment, CAST(day AS STRING) AS day, hour, next, kind, share FROM'
  const expected = await sparkSql(spark, `${rows} ${at('theirs')} ORDER BY id`)
  expect(expected).toHaveLength(4)
  expect(await sparkSql(spark, `${rows} ${at('ours')} ORDER BY id`)).toEqual(expected)
})
