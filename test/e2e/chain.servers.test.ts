import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { freshName, makeKafkaTopics, s3Client, withServices } from '@millrace/testkit'
import { type Connection, createConnection } from 'mysql2/promise'
import { expect } from 'vitest'
import { fillTables, startGateway } from './emulated.ts'
import { openWorkplace } from './millrace.ts'
import { plainAnswers, type RawPosts } from './plain-answers.ts'

const itOnAll = withServices('mariadb', 'kafka', 's3')

const DATASETS = ['pin', 'geo', 'user']

const [POSTS, DRAWN_AGAIN] = [400, 150]

itOnAll(
  'the whole chain: MariaDB → emulator → gateway → Kafka → worker → lake on S3 → daily run → answers and report; straight from MariaDB the same',
  async ({ mariadb, kafka, s3 }) => {
    const bucket = freshName('chain')
    await s3Client(s3).send(new CreateBucketCommand({ Bucket: bucket }))
    const place = await openWorkplace({
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
      MILLRACE_LAKE: `s3://${bucket}/lake?endpoint=${s3.endpoint}&region=${s3.region}&pathStyle=true`,
      MYSQL_PWD: mariadb.password,
    })
    const { host, port, user, password, ca } = mariadb
    const ssl = { ca: await readFile(ca) }
    const connection = await createConnection({ host, port, user, password, ssl, dateStrings: true })
    try {
      const database = freshName('millrace').replace('-', '_')
      await connection.query(`CREATE DATABASE ${database}`)
      await connection.query(`USE ${database}`)
      await fillTables(connection, place, POSTS)
      const wanted = plainAnswers(await readPosts(connection))

      const stem = freshName('chain')
      const source = `kafka://${kafka.bootstrap}`
      await makeKafkaTopics(
        kafka.bootstrap,
        DATASETS.map((dataset) => ({ topic: `${stem}.${dataset}`, numPartitions: 2 })),
      )
      const topics = ['--topics', DATASETS.map((dataset) => `${dataset}=${stem}.${dataset}`).join()]
      const gateway = await startGateway(place, source)
      const mysql = `mysql://${user}@${host}:${port}/${database}?ca=${ca}`
      const from = ['--from', mysql, '--to', `rest:${gateway.url}`]
      expect(await place.run('ingest', ...from, ...topics, '--mode', 'all')).toMatchObject({ exitCode: 0 })
      const again = ['--mode', 'random', '--count', String(DRAWN_AGAIN)]
      expect(await place.run('ingest', ...from, ...topics, ...again)).toMatchObject({ exitCode: 0 })
      await gateway.stop()
      const stream = ['stream', '--until-caught-up', '--source', source, ...topics]
      expect(await place.run(...stream)).toMatchObject({ exitCode: 0 })

      const run = await place.run('batch', '--date', '2026-01-31', '--out', 'out', '--json')
      expect(run, run.stderr).toMatchObject({ exitCode: 0 })
      const counts = { records: POSTS + DRAWN_AGAIN, rows: POSTS, duplicates: DRAWN_AGAIN, rejected: 0 }
      expect(JSON.parse(run.stdout).tables).toMatchObject(DATASETS.map((table) => ({ table, ...counts })))

      const folder = join(place.folder, 'out/2026-01-31')
      const report = await readFile(join(folder, 'report.html'), 'utf8')
      const asked = (await readdir(folder)).filter((file) => file.endsWith('.json'))
      expect(asked).toEqual(Object.keys(wanted).map((id) => `${id}.json`))
      for (const [id, rows] of Object.entries(wanted)) {
        expect(inOrder(JSON.parse(await readFile(join(folder, `${id}.json`), 'utf8'))), id).toEqual(inOrder(rows))
        expect(report).toContain(`id="${id}"`)
      }
      expect(inOrder(await place.sql('select * from batch.q3a'))).toEqual(inOrder(wanted.q3a ?? []))

      const straight = ['--lake', 'straight', '--raw', mysql, '--date', '2026-01-31', '--out', 'straight-out', '--json']
      const short = await place.run('batch', ...straight)
      expect(short, short.stderr).toMatchObject({ exitCode: 0 })
      expect(JSON.parse(short.stdout).tables).toMatchObject(
        DATASETS.map((table) => ({ table, records: POSTS, rows: POSTS, duplicates: 0, rejected: 0 })),
      )
      for (const file of asked) {
        const read = (out: string) => readFile(join(place.folder, out, '2026-01-31', file), 'utf8')
        expect(await read('straight-out'), file).toBe(await read('out'))
      }
    } finally {
      await connection.end()
      await place.leave()
    }
  },
)

async function readPosts(connection: Connection): Promise<RawPosts> {
  const read = async (table: string) =>
    JSON.parse(JSON.stringify((await connection.query(`SELECT * FROM ${table}`))[0]))
  return {
    pins: await read('pinterest_data'),
    geos: await read('geolocation_data'),
    users: await read('user_data'),
  }
}

function inOrder(rows: readonly object[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort()
}
