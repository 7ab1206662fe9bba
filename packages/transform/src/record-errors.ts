import { MillraceError } from '@millrace/base'

/** DuckDB's kinds of error that a record can cause; all others (memory, files, interrupts) are the machine's. */
const KINDS = ['Invalid Input Error', 'Conversion Error', 'Out of Range Error']

/** Whether some record, and not the machine, may be why a query failed. */
export function isAboutRecords(error: unknown): error is Error {
  return (
    error instanceof Error && !(error instanceof MillraceError) && KINDS.some((kind) => error.message.startsWith(kind))
  )
}
