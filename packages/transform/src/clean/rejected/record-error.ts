import { MillraceError } from '@millrace/base'
import { isRowRefusal } from '@millrace/delta'

/** DuckDB's kinds of error that a record can cause; all others (memory, files, interrupts) are the machine's. */
const RECORD_ERRORS = ['Invalid Input Error', 'Conversion Error', 'Out of Range Error']

/** Returns whether some record, and not the machine, may be why a query failed. */
export function isAboutRecords(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  if (error instanceof MillraceError) return isRowRefusal(error)
  return RECORD_ERRORS.some((kind) => error.message.startsWith(kind))
}
