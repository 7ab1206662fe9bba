import { MillraceError } from '@millrace/base'

const NO_ROOM = /no space left on device|disk quota exceeded/i

/** Work that writes to this machine's disk: a full one is something to wait for, as a store that is down is. */
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
