import { MillraceError } from '@millrace/base'

/** What Node says of a connection that is not, or no longer, there. */
const UNREACHABLE = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_AGAIN)/
const UNTRUSTED = /CERT|UNABLE_TO_VERIFY|INVALID_CA|INVALID_PURPOSE|ALTNAME/

const RIGHTS =
  'It needs REPLICATION (on RDS: the role rds_replication), SELECT on its tables, and CREATE on the database with the tables its own, or a publication that their owner has made (?publication=NAME). Check PGPASSWORD.'

interface Answer {
  readonly code: 'SOURCE_DENIED' | 'SOURCE_UNREACHABLE' | 'SOURCE_UNSUPPORTED' | 'TOPIC_MISSING' | 'OFFSET_OUT_OF_RANGE'
  readonly next?: string
}

/** What a SQLSTATE, or a class of them, means to us. */
const ANSWERS: readonly (readonly [state: RegExp, answer: Answer])[] = [
  [/^(28...|42501)$/, { code: 'SOURCE_DENIED', next: RIGHTS }],
  [/^(3D000|3F000|42P01)$/, { code: 'TOPIC_MISSING' }],
  [
    /^55006$/,
    {
      code: 'SOURCE_UNREACHABLE',
      next: 'Another worker of the group reads from it: this one goes on when that one ends. Give another pipeline a group, or a slot (?slot=NAME), of its own.',
    },
  ],
  [
    /^53400$/,
    {
      code: 'SOURCE_UNSUPPORTED',
      next: 'Raise max_replication_slots or max_wal_senders, or drop slots that nobody uses.',
    },
  ],
  // A column that is gone (42703) was there a moment ago, when it was asked for: the next call asks for others.
  [/^(08|53|57|58|40|XX|25006|42703)/, { code: 'SOURCE_UNREACHABLE' }],
]

/** Returns an error of the server, or of the way to it, by its code: what a later call can heal, and what it can't. */
export function fromPostgres(thrown: unknown, doing: string): unknown {
  if (!(thrown instanceof Error) || thrown instanceof MillraceError) return thrown
  const { code = '' } = thrown as NodeJS.ErrnoException
  const said = `${doing}: ${thrown.message || code}`
  if (UNTRUSTED.test(code)) {
    return new MillraceError('SOURCE_UNREACHABLE', said, { cause: thrown, next: 'Name the one to trust: ?ca=FILE.' })
  }
  const [, answer] = ANSWERS.find(([state]) => /^[0-9A-Z]{5}$/.test(code) && state.test(code)) ?? []
  if (answer) {
    return new MillraceError(answer.code, said, { cause: thrown, ...(answer.next && { next: answer.next }) })
  }
  if (UNREACHABLE.test(code) || /connection|timeout|stream/i.test(thrown.message)) {
    return new MillraceError('SOURCE_UNREACHABLE', said, { cause: thrown })
  }
  return new MillraceError('SOURCE_UNSUPPORTED', said, { cause: thrown })
}

export function flooded(): MillraceError {
  return new MillraceError('SOURCE_UNSUPPORTED', 'the PostgreSQL server answers with more than was asked for', {
    next: 'Check the address. Rows that are too large to be followed can be left out by a publication of your own: ?publication=NAME.',
  })
}

export const isFlooded = (error: unknown) => error instanceof MillraceError && error.message === flooded().message

export function unsuited(what: string, next: string): MillraceError {
  return new MillraceError('SOURCE_UNSUPPORTED', `the database can't be followed: ${what}`, { next })
}

export function madeAnew(topic: string): MillraceError {
  return new MillraceError(
    'SOURCE_CHANGED',
    `table ${topic} was made anew, and is another one than that which was followed`,
    { next: 'Read it anew with a new group.' },
  )
}

export function missing(topic: string): MillraceError {
  return new MillraceError('TOPIC_MISSING', `there is no table ${topic} that this user may read`, {
    next: 'A topic is called schema.table; views and foreign tables have no log.',
  })
}
