import type { HttpAddress } from './python.ts'
import type { S3Address } from './s3.ts'

type Row = Readonly<Record<string, unknown>>

interface Page {
  readonly nextUri?: string
  readonly columns?: readonly { readonly name: string }[]
  readonly data?: readonly (readonly unknown[])[]
  readonly error?: { readonly message: string }
}

/** All rows of a statement; a table is named catalog.schema.table. */
export async function trinoSql({ url }: HttpAddress, sql: string): Promise<Row[]> {
  const rows: Row[] = []
  const headers = { 'x-trino-user': 'test', 'x-trino-time-zone': 'UTC' }
  let page = await pageOf(await fetch(`${url}/v1/statement`, { method: 'POST', body: sql, headers }))
  for (;;) {
    if (page.error) throw new Error(page.error.message)
    const names = page.columns?.map(({ name }) => name) ?? []
    rows.push(...(page.data ?? []).map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]]))))
    if (page.nextUri === undefined) return rows
    page = await pageOf(await fetch(page.nextUri, { headers }))
  }
}

async function pageOf(response: Response): Promise<Page> {
  if (!response.ok) throw new Error(`Trino answers ${response.status}: ${await response.text()}`)
  return (await response.json()) as Page
}

/** A Delta catalog over a bucket, its metastore in the same bucket; for the whole run. */
export async function trinoCatalog(trino: HttpAddress, name: string, bucket: string, s3: S3Address): Promise<void> {
  const settings = {
    'hive.metastore': 'file',
    'hive.metastore.catalog.dir': `s3://${bucket}/metastore`,
    'hive.metastore.disable-location-checks': 'true',
    'fs.native-s3.enabled': 'true',
    's3.endpoint': s3.endpoint,
    's3.region': s3.region,
    's3.path-style-access': 'true',
    's3.aws-access-key': s3.accessKeyId,
    's3.aws-secret-key': s3.secretAccessKey,
    'delta.register-table-procedure.enabled': 'true',
    'delta.enable-non-concurrent-writes': 'true',
    'delta.metadata.cache-ttl': '0s',
  }
  const pairs = Object.entries(settings).map(([key, value]) => `"${key}" = '${value}'`)
  await trinoSql(trino, `CREATE CATALOG ${name} USING delta_lake WITH (${pairs.join(', ')})`)
}
