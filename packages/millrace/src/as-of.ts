import { MillraceError } from '@millrace/base'
import type { AsOf } from '@millrace/queries'
import type { Arguments } from './arguments.ts'

/** Returns what --as-of says: a whole number is a version; anything else has to be a time. */
export async function asOfOption(args: Arguments): Promise<AsOf | undefined> {
  const given = args.text('--as-of')
  if (given === undefined) return undefined
  if (/^\d+$/.test(given)) return { version: Number(given) }
  const { timeOf } = await import('@millrace/queries')
  const time = timeOf(given)
  if (time !== undefined) return { time }
  throw new MillraceError('USAGE', `--as-of takes a version or a time such as 2026-01-31T12:00:00Z, not ${given}`)
}
