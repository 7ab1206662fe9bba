import { type ErrorCode, escapeControls, MillraceError } from '@millrace/base'
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

export function asMillraceError(error: unknown): MillraceError {
  const thrown = firstOf(error)
  if (thrown instanceof MillraceError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const code = systemCode(thrown)
  if (code) return new MillraceError(code, message, { cause: thrown })
  return new MillraceError('INTERNAL', message || 'something failed without saying why', { cause: thrown })
}

/** What fails first is what went wrong: closing fails after it, and often for the same reason. */
function firstOf(thrown: unknown): unknown {
  return thrown instanceof Error && thrown.name === 'SuppressedError' && 'suppressed' in thrown
    ? firstOf(thrown.suppressed)
    : thrown
}

/** Matches what the system says of a connection, and not of a file. */
const NETWORK = /^(connect|read|write|getaddrinfo|listen|bind)$/
const LISTENING = /^(listen|bind)$/

/** Returns the code of what the operating system refuses to us: no error of ours, wherever it was not foreseen. */
function systemCode(thrown: unknown): ErrorCode | undefined {
  const { syscall, path, code } = thrown as Partial<NodeJS.ErrnoException>
  if (!(thrown instanceof Error) || syscall === undefined || code === undefined) return undefined
  if (path !== undefined || !NETWORK.test(syscall)) return 'STORE_FAILED'
  return LISTENING.test(syscall) ? 'CONFIG_INVALID' : 'SOURCE_UNREACHABLE'
}
