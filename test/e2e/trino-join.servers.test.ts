import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freshBucket, freshName, trinoSql, withServices } from '@millrace/testkit'
import { expect, onTestFinished } from 'vitest'
import { openWorkplace } from './millrace.ts'

const it = withServices('trino', 's3', 'postgres', 'cassandra')

const CATALOGS = join(import.meta.dirname, '../../infra/trino/catalog')

/** Returns CREATE CATALOG for a file of infra/trino, with the values that a node would find in its environment. */
async function createCatalog(name: string, file: string, environment: Readonly<Record<string, string>>) {
  const text = await readFile(join(CATALOGS, `${file}.properties`), 'utf8')
  const settings = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const)
    .map(([key, value]) => [key, value.replaceAll(/\$\{ENV:(\w+)\}/g, (_, known: string) => environment[known] ?? '')])
  const connector = settings.find(([key]) => key === 'connector.name')?.[1]
  const pairs = settings.filter(([key]) => key !== 'connector.name').map(([key, value]) => `"${key}" = '${value}'`)
  return `CREATE CATALOG ${name} USING ${connector} WITH (${pairs.join(', ')})`
}

it('one stream into Delta, PostgreSQL and Cassandra; one cluster joins the three by the catalogs of infra/trino', {
  timeout: 600_000,
}, async ({ trino, s3, postgres, cassandra }) => {
  const bucket = await freshBucket('lake', s3)
  const [live, longTerm] = [freshName('live'), freshName('long').replaceAll('-', '_')]
  const place = await openWorkplace({
    MILLRACE_LAKE: `s3://${bucket}/lake?endpoint=${s3.endpoint}&region=${s3.region}&pathStyle=true`,
    MILLRACE_DATASETS: 'pin',
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    PGPASSWORD: postgres.password,
    CASSANDRA_PASSWORD: cassandra.password,
  })
  onTestFinished(() => place.leave())
  await place.run('ingest', '--count', '200', '--mode', 'all', '--datasets', 'pin')
  const { user, host, port, database, ca } = postgres
  const node = `${cassandra.host}:${cassandra.port}`
  const streamed = await place.run(
    ...['stream', '--until-caught-up', '--to', 'delta'],
    ...['--to', `postgres://${user}@${host}:${port}/${database}?schema=${live}&ca=${ca}`],
    ...['--to', `cassandra://${cassandra.user}@${node}/${longTerm}?primaryKey=ind&ssl=true&ca=${cassandra.ca}`],
  )
  expect(streamed, streamed.stderr).toMatchObject({ exitCode: 0 })

  const names = { lake: freshName('lake'), live: freshName('pg'), long_term: freshName('cassandra') }
  const [lake, pg, nodes] = Object.values(names).map((name) => name.replaceAll('-', '_'))
  const environment = {
    ...{ LAKE_BUCKET: bucket, S3_ENDPOINT: s3.endpoint, AWS_REGION: s3.region },
    ...{ AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey },
    ...{ POSTGRES_HOST: `${host}:${port}`, POSTGRES_DATABASE: database, POSTGRES_USER: user, POSTGRES_CA: ca },
    ...{ PGPASSWORD: postgres.password, CASSANDRA_HOST: cassandra.host, CASSANDRA_PORT: String(cassandra.port) },
    ...{ CASSANDRA_USER: cassandra.user, CASSANDRA_PASSWORD: cassandra.password, CASSANDRA_DC: 'datacenter1' },
  }
  await trinoSql(trino, await createCatalog(String(lake), 'lake', environment))
  await trinoSql(trino, await createCatalog(String(pg), 'live', environment))
  await trinoSql(trino, await createCatalog(String(nodes), 'long_term', environment))
  await trinoSql(trino, `CREATE SCHEMA ${lake}.tables WITH (location = 's3://${bucket}/schema')`)
  await trinoSql(trino, `CALL ${lake}.system.register_table('tables', 'pin', 's3://${bucket}/lake/pin')`)
  const [joined] = await trinoSql(
    trino,
    `SELECT count(*) AS posts, count(DISTINCT lake.ind) AS numbers FROM ${lake}.tables.pin AS lake
     JOIN ${pg}."${live}".pin AS live ON live.ind = lake.ind AND live.title IS NOT DISTINCT FROM lake.title
       AND live.follower_count IS NOT DISTINCT FROM lake.follower_count
     JOIN ${nodes}.${longTerm}.pin AS nodes ON nodes.ind = lake.ind AND nodes.title IS NOT DISTINCT FROM lake.title
       AND nodes.follower_count IS NOT DISTINCT FROM lake.follower_count`,
  )
  expect(joined).toEqual({ posts: 200, numbers: 200 })
})
