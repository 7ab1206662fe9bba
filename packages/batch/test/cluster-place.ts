import { systemRuntime } from '@millrace/base'
import { runSql } from '@millrace/queries'
import { freshBucket, trinoCatalog } from '@millrace/testkit'
import { type BatchOptions, runBatch } from '../src/index.ts'
import { openPlace, type Place } from './kit.ts'

export interface Servers {
  readonly trino: { readonly url: string }
  readonly s3: Parameters<typeof trinoCatalog>[3]
}

interface ClusterPlace extends Place {
  readonly catalog: string
  /** On the same lake without the cluster. */
  runHere(date: string): ReturnType<Place['run']>
}

/** A place whose lake is on S3, where a cluster does the work. */
export async function openClusterPlace({ trino, s3 }: Servers): Promise<ClusterPlace> {
  const bucket = await freshBucket('lake', s3)
  const catalog = bucket.replaceAll('-', '_')
  await trinoCatalog(trino, catalog, bucket, s3)
  const lake = `s3://${bucket}/one?endpoint=${s3.endpoint}&region=${s3.region}&pathStyle=true`
  const place = await openPlace()
  const address = trino.url.replace('//', '//tester@')
  const options = (date: string, more: Partial<BatchOptions> = {}) =>
    place.options(date, { lake, trino: `${address}/${catalog}`, ...more })
  return {
    ...place,
    catalog,
    lake,
    options,
    run: (date, more = {}, runtime = systemRuntime) =>
      runBatch(options(date, more), runtime, new AbortController().signal),
    runHere: (date) => {
      const { trino: _, ...here } = options(date)
      return runBatch(here, systemRuntime, new AbortController().signal)
    },
    rows: async (sql) => (await runSql(lake, sql)).rows,
  }
}
