import { MillraceError } from '@millrace/base'
import { redact } from '../settings/addresses.ts'
import type { Terminal } from './terminal.ts'

/** `error[CODE]: what happened, to what` and `next: …`; stacks and causes only when asked for. */
export function printError(error: MillraceError, terminal: Terminal, debug: boolean): void {
  const head = terminal.styleError(['red', 'bold'], `error[${error.code}]:`)
  terminal.note(redact(`${head} ${error.message.replaceAll('\n', '\n  ')}`))
  terminal.note(redact(`${terminal.styleError('cyan', 'next:')} ${error.next}`))
  if (!debug) return
  for (let at: unknown = error; at !== undefined; at = at instanceof Error ? at.cause : undefined) {
    terminal.note(
      redact(`\n${at === error ? '' : 'caused by: '}${at instanceof Error ? (at.stack ?? at.message) : String(at)}`),
    )
  }
}

export function asMillraceError(thrown: unknown): MillraceError {
  if (thrown instanceof MillraceError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new MillraceError('INTERNAL', message || 'something failed without saying why', { cause: thrown })
}
