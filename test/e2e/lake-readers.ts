import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import {
  freshBucket,
  freshName,
  type HttpAddress,
  judgeSql,
  type S3Address,
  s3Client,
  sparkSql,
  trinoCatalog,
  trinoSql,
} from '@millrace/testkit'
import type { Workplace } from './millrace.ts'

export interface ReaderServers {
  readonly judge: HttpAddress
  readonly spark: HttpAddress
  readonly trino: HttpAddress
  readonly s3: S3Address
}

type Row = Readonly<Record<string, unknown>>
/** Reads a table of a workplace's lake by a query, which is told what the table is called. */
export type Ask = (table: string, query: (from: string) => string) => Promise<readonly Row[]>

/** Opens those who read a workplace's lake: Millrace itself, delta-rs, Spark, and Trino, which reads copies of these tables. */
export async function openReaders(place: Workplace, tables: readonly string[], servers: ReaderServers) {
  const { judge, spark, trino, s3 } = servers
  const bucket = await freshBucket('read', s3)
  const catalog = freshName('read').replaceAll('-', '_')
  await trinoCatalog(trino, catalog, bucket, s3)
  await trinoSql(trino, `CREATE SCHEMA ${catalog}.t WITH (location = 's3://${bucket}/t')`)
  const folder = (table: string) => join(place.folder, 'lake', table)
  for (const table of tables) {
    await copyTable(folder(table), s3, bucket, table)
    await trinoSql(trino, `CALL ${catalog}.system.register_table('t', '${table}', 's3://${bucket}/${table}')`)
  }
  const readers: Record<'millrace' | 'delta-rs' | 'spark' | 'trino', Ask> = {
    millrace: (table, query) => place.sql(query(table)),
    'delta-rs': (table, query) => judgeSql(judge, { table: folder(table), sql: query('t') }),
    spark: (table, query) => sparkSql(spark, query(`delta.\`${folder(table)}\``)),
    trino: (table, query) => trinoSql(trino, query(`${catalog}.t.${table}`)),
  }
  return readers
}

/** Copies a table to where Trino reads it. */
async function copyTable(folder: string, s3: S3Address, bucket: string, prefix: string): Promise<void> {
  const client = s3Client(s3)
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue
    const path = join(file.parentPath, file.name)
    const Key = prefix + path.slice(folder.length)
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: await readFile(path) }))
  }
  client.destroy()
}
