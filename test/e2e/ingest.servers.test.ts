import { readFile } from 'node:fs/promises'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { freshName, makeKafkaTopics, openKinesisStream, s3Client, withServices } from '@millrace/testkit'
import { createConnection } from 'mysql2/promise'
import { expect } from 'vitest'
import { fillTables, startGateway } from './emulated.ts'
import { openWorkplaces } from './workplaces.ts'

const DATASETS = ['pin', 'geo', 'user']

const workplace = openWorkplaces()

const itOnAll = withServices('mariadb', 'kafka', 's3')

const POSTS = 11_000

itOnAll(
  'MariaDB → emulator → gateway → Kafka → worker → Delta on S3: every row once',
  async ({ mariadb, kafka, s3 }) => {
    const bucket = freshName('lake')
    await s3Client(s3).send(new CreateBucketCommand({ Bucket: bucket }))
    const place = await workplace({
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
      MILLRACE_LAKE: `s3://${bucket}/lake?endpoint=${s3.endpoint}&region=${s3.region}&pathStyle=true`,
      MYSQL_PWD: mariadb.password,
    })
    const { host, port, user, password, ca } = mariadb
    const connection = await createConnection({ host, port, user, password, ssl: { ca: await readFile(ca) } })
    const database = freshName('millrace').replace('-', '_')
    await connection.query(`CREATE DATABASE ${database}`)
    await connection.query(`USE ${database}`)
    await fillTables(connection, place, POSTS)

    const stem = freshName('emulated')
    const source = `kafka://${kafka.bootstrap}`
    const topics = DATASETS.map((dataset) => `${dataset}=${stem}.${dataset}`)
    await makeKafkaTopics(
      kafka.bootstrap,
      topics.map((pair) => ({ topic: pair.split('=')[1] ?? '', numPartitions: 2 })),
    )
    const gateway = await startGateway(place, source)

    const from = ['--from', `mysql://${user}@${host}:${port}/${database}?ca=${ca}`, '--mode', 'all', '--json']
    const sent = await place.run('ingest', ...from, '--to', `rest:${gateway.url}`, '--topics', topics.join())
    expect(sent, sent.stderr).toMatchObject({ exitCode: 0 })
    expect(JSON.parse(sent.stdout)).toMatchObject({ posts: POSTS, records: 3 * POSTS })
    await gateway.stop()

    const options = ['--source', source, '--topics', topics.join()]
    expect(await place.run('stream', '--until-caught-up', ...options)).toMatchObject({ exitCode: 0 })
    for (const table of DATASETS) {
      const [counted] = await place.sql(
        `select count(*) as n, count(distinct ind) as inds, max(ind) as last from "${table}"`,
      )
      expect(counted).toEqual({ n: POSTS, inds: POSTS, last: POSTS - 1 })
    }
    const [rows] = await connection.query('SELECT category, COUNT(*) AS n FROM pinterest_data GROUP BY 1 ORDER BY 1')
    expect(await place.sql('select category, count(*) as n from pin group by 1 order by 1')).toEqual(rows)
    const [ages] = await connection.query(
      'SELECT CAST(SUM(age) AS INT) AS total, COUNT(DISTINCT date_joined) AS days FROM user_data',
    )
    expect(await place.sql('select sum(age)::int as total, count(distinct date_joined) as days from "user"')).toEqual(
      ages,
    )
    expect(await place.run('verify', '--source', source)).toMatchObject({ exitCode: 0 })
    await connection.end()
  },
)

const itOnKinesis = withServices('kinesisMock')

itOnKinesis(
  'one stream of Kinesis for all, filled through the API and directly, reported apart by key',
  async ({ kinesisMock }) => {
    const place = await workplace({ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' })
    const StreamName = freshName('all')
    const { source, close } = await openKinesisStream(kinesisMock, StreamName, 2)
    close()
    const topics = ['--topics', DATASETS.map((dataset) => `${dataset}=${StreamName}[key=${dataset}-partition]`).join()]
    const gateway = await startGateway(place, source)
    const posts = ['--count', '40', '--mode', 'all']
    expect(await place.run('ingest', ...posts, '--to', `api:${gateway.url}`, ...topics)).toMatchObject({ exitCode: 0 })
    await gateway.stop()
    expect(await place.run('ingest', ...posts, '--to', source, ...topics)).toMatchObject({ exitCode: 0 })
    expect(await place.run('stream', '--until-caught-up', '--source', source, ...topics)).toMatchObject({ exitCode: 0 })
    for (const table of DATASETS) {
      const [counted] = await place.sql(`select count(*) as n, count(distinct ind) as inds from "${table}"`)
      expect(counted).toEqual({ n: 80, inds: 40 })
    }
  },
)
