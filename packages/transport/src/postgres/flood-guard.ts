import type { MillraceError } from '@millrace/base'
import type pg from 'pg'

/** Ends the connection to a server that sends more than allowed. */
export interface PostgresGuard {
  /** Allows this many bytes from now on, as they are in memory. */
  allow(bytes: number): void
}

/** Maximum size of an answer that is wanted whole: lists of tables, of columns, of settings. */
export const LARGEST_POSTGRES_ANSWER = 64 << 20
/** Maximum that a server says before it is asked anything. */
const LARGEST_GREETING = 1 << 20
/** Size of a row in memory beside its values, and of a value, about. */
const [ROW_BYTES, VALUE_BYTES] = [64, 32]

/** What the library's connection has, of which its types say nothing. */
interface RawConnection {
  readonly ssl: unknown
  /** Another one when TLS has begun. */
  readonly stream: { on(event: 'data', listener: (chunk: Buffer) => void): void; destroy(error: Error): void }
  on(event: 'dataRow', listener: (row: { readonly fields: readonly unknown[] }) => void): void
  once(event: 'sslconnect', listener: () => void): void
}

/**
 * Guards a client that has not connected yet. The library collects any number of rows, and any number of bytes until a
 * message is complete. Pending calls fail with `tooMuch`.
 */
export function guardPostgres(client: pg.Client, tooMuch: () => MillraceError): PostgresGuard {
  const { connection } = client as unknown as { readonly connection: RawConnection }
  let left = LARGEST_GREETING
  const take = (bytes: number) => {
    left -= bytes
    if (left < 0) connection.stream.destroy(tooMuch())
  }
  const watch = () => connection.stream.on('data', ({ length }) => take(length))
  if (connection.ssl) connection.once('sslconnect', watch)
  else watch()
  connection.on('dataRow', ({ fields }) => take(ROW_BYTES + VALUE_BYTES * fields.length))
  return {
    allow(bytes) {
      left = bytes
    },
  }
}
