import type { DuckDBConnection } from '@duckdb/node-api'
import type { AddFile } from '../log/actions.ts'
import { readablePaths } from './scan.ts'
import { jsonList, withoutGlob } from './scan-sql.ts'
import type { Snapshot } from './snapshot.ts'

/** Spark before 3.1 wrote old dates or times in the Julian calendar without marking them. */
const UNMARKED = /^([012]\.|3\.0\.)/

/**
 * Those of the files whose old dates and times count in the Julian calendar: Spark marks them in the footer, and
 * reads them as another day than anybody who does not know the mark. A copy without the mark would change them.
 */
export async function legacyFiles(
  { table, metadata }: Snapshot,
  files: readonly AddFile[],
  connection: DuckDBConnection,
): Promise<ReadonlySet<AddFile>> {
  if (files.length === 0 || !/"(date|timestamp(_ntz)?)"/.test(metadata.schemaString)) return new Set()
  const { paths, release } = await readablePaths(table, files, connection)
  try {
    const result = await connection.runAndReadAll(
      `SELECT file_name, decode(key), decode(value) FROM parquet_kv_metadata(${jsonList(paths.map(withoutGlob), '["VARCHAR"]')})
       WHERE decode(key) IN ('org.apache.spark.legacyDateTime', 'org.apache.spark.legacyINT96', 'org.apache.spark.version')`,
    )
    const marked = result
      .getRows()
      .filter(([, key, value]) => key !== 'org.apache.spark.version' || UNMARKED.test(String(value)))
      .map(([name]) => String(name))
    // A name that DuckDB spells in another way could be any of them.
    if (marked.some((name) => !paths.includes(name))) return new Set(files)
    return new Set(files.filter((_, i) => marked.includes(paths[i] ?? '')))
  } finally {
    await release()
  }
}
