import { MillraceError } from '@millrace/base'
import { tableUrl } from '../log/log.ts'
import type { Scan } from './plan.ts'
import { withoutGlob } from './scan-sql.ts'

/**
 * Returns an error of DuckDB in terms of the table if it is about one of the scan's files; any other error is returned
 * unchanged. `paths` are the paths by which DuckDB knows the files.
 */
export function explainFailure(error: unknown, scan: Scan, paths: readonly string[]): unknown {
  if (!(error instanceof Error) || error instanceof MillraceError) return error
  const { message } = error
  const named = new Set(namesIn(message))
  const index = paths.findIndex((path) => named.has(path) || named.has(withoutGlob(path)))
  const file = scan.files[index]
  if (!file) return error
  const { table, version } = scan.snapshot
  const where = `${tableUrl(table)} version ${version}: ${file.path}`
  const misfit = /the column "(.*?)" has type (.*), but we are trying to read it as type (.*?)\./.exec(message)
  if (misfit) {
    const [, column, stored, wanted] = misfit
    return new MillraceError(
      'TABLE_SCHEMA',
      `${where} has ${stored} in column ${column}, where the table has ${wanted}`,
      {
        cause: error,
      },
    )
  }
  const isGone = /No files found|No such file|404/.test(message)
  return new MillraceError('TABLE_BROKEN', `${where} ${isGone ? 'is gone' : "can't be read"}`, { cause: error })
}

/** Returns the quoted parts and the words of a message. */
function namesIn(message: string): string[] {
  return [/"([^"]+)"/g, /'([^']+)'/g, /([^\s"']+)/g].flatMap((pattern) =>
    [...message.matchAll(pattern)].map(([, name = '']) => name),
  )
}
