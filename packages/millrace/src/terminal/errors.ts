import { escapeControls, MillraceError } from '@millrace/base'
import { adviceOf } from './advice.ts'
import type { Terminal } from './terminal.ts'

/** `error[CODE]: what happened, to what` and `next: …`; stacks and causes only when asked for. */
export function printError(error: MillraceError, terminal: Terminal, debug: boolean): void {
  const head = terminal.styleError(['red', 'bold'], `error[${error.code}]:`)
  terminal.note(`${head} ${plain(error.message).replaceAll('\n', '\n  ')}`)
  terminal.note(`${terminal.styleError('cyan', 'next:')} ${plain(adviceOf(error))}`)
  if (!debug) return
  for (let at: unknown = error; at !== undefined; at = at instanceof Error ? at.cause : undefined) {
    const text = at instanceof Error ? (at.stack ?? at.message) : String(at)
    terminal.note(`\n${at === error ? '' : 'caused by: '}${plain(text)}`)
  }
}

/** Messages quote data, names and other people's servers. */
function plain(text: string): string {
  return escapeControls(text, '\n')
}

export function asMillraceError(thrown: unknown): MillraceError {
  if (thrown instanceof MillraceError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new MillraceError('INTERNAL', message || 'something failed without saying why', { cause: thrown })
}
