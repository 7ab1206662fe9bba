import { MillraceError } from '@millrace/base'

const NO_ROOM = /no space left on device|disk quota exceeded/i

/** Runs work that writes to the local disk. A full disk becomes a retryable error, like a store that is down. */
export async function needingRoom<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof Error) || cause instanceof MillraceError || !NO_ROOM.test(cause.message)) throw cause
    throw new MillraceError('STORE_FAILED', `no space is left for what is under way, in ${folder}`, {
      cause,
      next: 'Free some space there, or set TMPDIR to another place.',
    })
  }
}
