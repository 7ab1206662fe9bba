import type { DuckDBConnection } from '@duckdb/node-api'
import type { AddFile } from '../log/actions.ts'
import { isJulian, sparkFooters } from './footers.ts'
import { readablePaths } from './scan.ts'
import type { Snapshot } from './snapshot.ts'

/** Returns the files whose old dates and times are not in the Gregorian calendar. */
export async function legacyFiles(
  { table, metadata }: Snapshot,
  files: readonly AddFile[],
  connection: DuckDBConnection,
): Promise<ReadonlySet<AddFile>> {
  if (files.length === 0 || !/"(date|timestamp(_ntz)?)"/.test(metadata.schemaString)) return new Set()
  const { paths, release } = await readablePaths(table, files, connection)
  try {
    const footers = await sparkFooters(paths, connection)
    const marked = [...footers].filter(
      ([, footer]) => isJulian(footer, 'legacyDateTime') || isJulian(footer, 'legacyINT96'),
    )
    const names = new Set(marked.map(([name]) => name))
    // A name that DuckDB spells in another way could be any of them.
    if ([...names].some((name) => !paths.includes(name))) return new Set(files)
    return new Set(files.filter((_, i) => names.has(paths[i] ?? '')))
  } finally {
    await release()
  }
}
