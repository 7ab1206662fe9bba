/**
 * Every way in which Millrace can say no. One closed list: a message names what happened and to what,
 * `next` says what the person can do, `retry` whether the same call can succeed later by itself. The command line
 * says the general `next` of a code in its own words: no flag or command is named below it.
 */
const CODES = {
  USAGE: { exit: 2, retry: false, next: 'Call it with what it takes.' },
  CONFIG_INVALID: { exit: 2, retry: false, next: 'Mend the setting named.' },
  SECRET_IN_URL: {
    exit: 2,
    retry: false,
    next: 'Take it out of the address: secrets come from the environment (such as MYSQL_PWD) or from files.',
  },
  SOURCE_ADDRESS: {
    exit: 2,
    retry: false,
    next: 'Sources are kafka://host:9092, kinesis://region, embedded:PATH, archive:PATH, mysql-cdc://user@host/database and postgres-cdc://user@host/database.',
  },
  LAKE_ADDRESS: { exit: 2, retry: false, next: 'A lake is a folder path, file:///… or s3://bucket/prefix.' },
  OUTPUT_ADDRESS: {
    exit: 2,
    retry: false,
    next: 'Outputs are delta, postgres://user@host:5432/database, cassandra://user@host:9042/keyspace and archive:PATH.',
  },
  OUTPUT_DENIED: { exit: 1, retry: false, next: 'Check the login, and what it may do there.' },
  OUTPUT_REFUSED: { exit: 1, retry: false, next: 'Mend what the message names; nothing of the batch was stored.' },
  SOURCE_UNREACHABLE: { exit: 1, retry: true, next: 'Check that the server is up and the address is right.' },
  SOURCE_DENIED: { exit: 1, retry: false, next: 'Check the login, and what it may do with the topic and the group.' },
  SOURCE_DAMAGED: {
    exit: 1,
    retry: false,
    next: 'What the source handed over is not what was stored. Check its disks; accept the gap with a new group.',
  },
  SOURCE_UNSUPPORTED: { exit: 1, retry: false, next: 'Bring the source to a version or format that is supported.' },
  RAW_MISSING: {
    exit: 1,
    retry: false,
    next: 'Check that the folders or files of raw records are called as the data sets are.',
  },
  RUN_ORDER: {
    exit: 1,
    retry: false,
    next: 'Runs build on one another: do the newest date anew, in full.',
  },
  TOPIC_MISSING: { exit: 1, retry: false, next: 'Make the topic, or check its name.' },
  SOURCE_CHANGED: {
    exit: 1,
    retry: false,
    next: 'The source is another one than the table was filled from. Use a new group, or bring back the old source.',
  },
  OFFSET_OUT_OF_RANGE: {
    exit: 1,
    retry: false,
    next: 'Records between the table and the source are gone. Accept the gap with a new group and start position.',
  },
  STORE_UNSUITABLE: { exit: 1, retry: false, next: 'Choose a store with atomic create, or another folder.' },
  STORE_FAILED: { exit: 1, retry: true, next: 'Check the store: permissions, space, network.' },
  CACHE_FULL: { exit: 1, retry: false, next: 'Give the cache more space, or ask for less at a time.' },
  TABLE_NOT_FOUND: { exit: 1, retry: false, next: 'Check the name of the table and the address of the lake.' },
  TABLE_BROKEN: {
    exit: 1,
    retry: false,
    next: 'The log is damaged at the place named. Restore that file from a backup.',
  },
  PATH_OUTSIDE: {
    exit: 1,
    retry: false,
    next: 'A log must not read files of others. Allow that place if you trust whoever wrote the table.',
  },
  TABLE_UNSUPPORTED: { exit: 1, retry: false, next: 'Read the table with an engine that knows this feature.' },
  TABLE_SCHEMA: { exit: 1, retry: false, next: 'Change the data set or the table so that their columns agree.' },
  COLUMNS_WITHOUT_VALUES: {
    exit: 1,
    retry: false,
    next: 'Bring the columns back into the data set; a renamed column is another one to the table. Or allow them to be NULL.',
  },
  TABLE_CONFLICT: { exit: 1, retry: true, next: 'Others write to this table at a high rate; run it again.' },
  PROGRESS_LOST: {
    exit: 1,
    retry: false,
    next: 'The table holds our commits but not our progress. Start with a new group and a chosen start position.',
  },
  ANOTHER_GROUP: {
    exit: 1,
    retry: false,
    next: 'Go on under the name of that group, or write to a table of its own; allow it only where both are wanted.',
  },
  DATASET_INVALID: { exit: 2, retry: false, next: 'Mend the data set at the place named.' },
  DATASET_UNKNOWN: { exit: 2, retry: false, next: 'Name one of the data sets listed.' },
  RECORD_INVALID: { exit: 3, retry: false, next: 'Look at the record named; mend it or its data set.' },
  MANY_REJECTED: {
    exit: 3,
    retry: false,
    next: 'Look at the quarantine; mend the data set or the records, or allow so many to be rejected.',
  },
  QUERY_FAILED: { exit: 1, retry: false, next: 'Mend the SQL at the place named.' },
  INTERNAL: {
    exit: 1,
    retry: false,
    next: 'This is a defect of Millrace: please report it with the stack of this error.',
  },
} as const

export type ErrorCode = keyof typeof CODES

export const ERROR_CODES = Object.keys(CODES) as ErrorCode[]

export interface ErrorDetail {
  /** Advice for this very case, in place of the code's general advice. */
  next?: string
  cause?: unknown
}

export class MillraceError extends Error {
  override readonly name = 'MillraceError'
  readonly code: ErrorCode
  readonly next: string
  /** Whether `next` is for this very case, and not the general one of the code. */
  readonly isNextSpecific: boolean

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.code = code
    this.next = detail.next ?? CODES[code].next
    this.isNextSpecific = detail.next !== undefined
  }

  get retry(): boolean {
    return CODES[this.code].retry
  }

  get exitCode(): number {
    return CODES[this.code].exit
  }
}
