import { MillraceError } from '@millrace/base'
import type { PoolConnection } from 'mysql2'

/** Ends the connection of a server that sends without end. */
export interface FloodGuard {
  /** From here on so many bytes may come. */
  allow(bytes: number): void
  /** Rejects once more has come. */
  readonly broken: Promise<never>
  end(): void
}

const LOOK_EVERY_MS = 20

/** The library holds what comes, however much that is: nothing of it is handed over before a row is whole. */
export function guardFlood(connection: PoolConnection): FloodGuard {
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
