import type { Message } from '../../tables/messages.ts'
import { envelope, keyJson, rowJson } from '../envelope.ts'
import type { Place, RowsPlace, Spot } from '../position.ts'
import { fileName } from '../server/server.ts'
import type { StoredText } from '../server/stored-texts.ts'
import type { Counter } from './counter.ts'
import type { RowChange } from './row-events.ts'
import type { TableMap } from './table-map.ts'

/** A change of the table as a message, and its place. */
export interface LogMessage extends Message {
  readonly time: number
  readonly at: Place
}

/** A table that is followed. */
export interface Followed {
  readonly counter: Counter
  /** Columns whose values are texts, and are bytes in the log. */
  readonly stored: ReadonlyMap<string, StoredText>
  emit(message: LogMessage): void
  /** Its rows are to be read again: the log says nothing of what became of them. */
  readAgain(from: RowsPlace): void
  /** Called with what this table alone ends by. */
  fail(error: unknown): void
}

/** When and by whom something was changed. */
export interface Moment {
  readonly database: string
  /** Name of the log's files. */
  readonly base: string
  readonly serverId: number
  readonly gtid: string | undefined
  /** Milliseconds since 1970. */
  readonly time: number
}

/** Hands over what comes behind the place where the table's reading began. */
export function emitChange(change: RowChange, map: TableMap, { counter, emit }: Followed, moment: Moment): void {
  for (const [op, before, after] of splitChange(change, map.key)) {
    const place = counter.place()
    if (!counter.count(moment.time)) continue
    const names = map.columns?.map(({ name }) => name) ?? []
    const row = after ?? before ?? []
    const value = envelope(op, rowJson(names, before), rowJson(names, after), originOf(map.table, place, moment))
    emit({ key: keyJson(names, map.key, row), value, time: moment.time, at: place })
  }
}

export function emitTruncate(table: string, { counter, emit }: Followed, moment: Moment): void {
  const place = counter.place()
  if (!counter.count(moment.time)) return
  emit({
    ...{ key: undefined, time: moment.time, at: place },
    value: envelope('t', 'null', 'null', originOf(table, place, moment)),
  })
}

/**
 * Has the rows read again as they are behind the statement, which ends there. Its time is that of its beginning; rows may
 * have been changed since, while it ran, and are newer than these changes too.
 */
export function emitRewritten({ counter, readAgain }: Followed, end: Spot, moment: Moment): void {
  if (!counter.count(moment.time)) return
  const { round, time } = counter.place()
  readAgain({ ...end, phase: 'rows', round: round + 1n, next: 0n, time })
}

function originOf(table: string, { file, pos, next }: Place, { base, ...moment }: Moment) {
  return { ...moment, table, file: fileName(base, file), pos, row: Number(next), isSnapshot: false }
}

/** A change of the key is a row that goes and one that comes. */
function* splitChange({ before, after }: RowChange, key: readonly number[]) {
  if (before && after && key.some((i) => before[i] !== after[i])) {
    yield ['d', before, undefined] as const
    yield ['c', undefined, after] as const
  } else yield [before ? (after ? 'u' : 'd') : 'c', before, after] as const
}
