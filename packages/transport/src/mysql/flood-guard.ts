import { MillraceError } from '@millrace/base'
import type { Connection } from 'mysql2'

/** Closes the connection to a server that sends more than allowed. */
export interface FloodGuard {
  /** Allows this many more bytes from now on. */
  allow(bytes: number): void
  /** Rejects once the server has sent more. */
  readonly broken: Promise<never>
  end(): void
}

const LOOK_EVERY_MS = 20

/** Guards a connection. The library buffers any number of bytes until a row is complete and has no bound of its own. */
export function guardFlood(connection: Pick<Connection, 'destroy'>): FloodGuard {
  const { stream } = connection as unknown as { readonly stream: { readonly bytesRead: number; destroy(): void } }
  const { promise: broken, reject } = Promise.withResolvers<never>()
  broken.catch(() => {})
  let most = Number.POSITIVE_INFINITY
  const timer = setInterval(() => {
    if (stream.bytesRead <= most) return
    clearInterval(timer)
    reject(flooded())
    connection.destroy()
    stream.destroy()
  }, LOOK_EVERY_MS)
  return {
    allow(bytes) {
      most = stream.bytesRead + bytes
    },
    broken,
    end: () => clearInterval(timer),
  }
}

export function flooded(): MillraceError {
  return new MillraceError('SOURCE_UNSUPPORTED', 'the MySQL server answers with more than was asked for', {
    next: 'Check the address. Rows that are too wide can be narrowed by a view: ?DATASET=VIEW.',
  })
}
