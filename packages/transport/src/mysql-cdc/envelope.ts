import type { RowTexts } from './log/row-events.ts'

export interface Origin {
  readonly database: string
  readonly table: string
  /** Where the change was in the log. */
  readonly file: string
  readonly pos: bigint
  readonly row: number
  readonly isSnapshot: boolean
  readonly serverId?: number
  readonly gtid?: string | undefined
  /** Milliseconds since 1970. */
  readonly time: number
}

export function rowJson(names: readonly string[], row: RowTexts | undefined): string {
  return row ? `{${names.map((name, i) => `${JSON.stringify(name)}:${row[i] ?? 'null'}`).join(',')}}` : 'null'
}

export function keyJson(names: readonly string[], key: readonly number[], row: RowTexts): string {
  return `{${key.map((i) => `${JSON.stringify(names[i])}:${row[i] ?? 'null'}`).join(',')}}`
}

/** Returns the value of a message; before and after are JSON. */
export function envelope(op: string, before: string, after: string, origin: Origin): string {
  const { database, table, file, pos, row, isSnapshot, serverId, gtid, time } = origin
  const source = [
    `"connector":"mysql","ts_ms":${time},"snapshot":"${isSnapshot}","db":${JSON.stringify(database)}`,
    `"table":${JSON.stringify(table)},"server_id":${serverId ?? 0},"gtid":${gtid === undefined ? 'null' : `"${gtid}"`}`,
    `"file":${JSON.stringify(file)},"pos":${pos},"row":${row}`,
  ]
  return `{"before":${before},"after":${after},"source":{${source.join(',')}},"op":"${op}","ts_ms":${time}}`
}
