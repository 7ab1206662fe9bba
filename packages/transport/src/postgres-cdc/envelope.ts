/** Where a change comes from. */
export interface Origin {
  readonly database: string
  readonly schema: string
  readonly table: string
  readonly lsn: bigint
  readonly xid?: number
  readonly isSnapshot: boolean
  /** Milliseconds since 1970. */
  readonly time: number
}

/** Returns the value of a message as Debezium writes it; before and after are JSON. */
export function envelope(op: string, before: string, after: string, origin: Origin): string {
  const { database, schema, table, lsn, xid, isSnapshot, time } = origin
  const source = [
    `"connector":"postgresql","ts_ms":${time},"snapshot":"${isSnapshot}","db":${JSON.stringify(database)}`,
    `"schema":${JSON.stringify(schema)},"table":${JSON.stringify(table)},"txId":${xid ?? 'null'},"lsn":${lsn}`,
  ]
  return `{"before":${before},"after":${after},"source":{${source.join(',')}},"op":"${op}","ts_ms":${time}}`
}
