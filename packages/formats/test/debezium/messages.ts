import { joinValues, valueAt } from '@millrace/base'
import type { Format } from '@millrace/formats'

export const json = (value: unknown) => Buffer.from(JSON.stringify(value))

const SOURCE = {
  connector: 'mysql',
  db: 'shop',
  table: 'users',
  ts_ms: 1_700_000_000_000,
  file: 'bin.1',
  pos: 4,
}

export function envelope(op: string, before: unknown, after: unknown) {
  return { before, after, source: SOURCE, transaction: null, op, ts_ms: 1_700_000_000_123 }
}

/** A message as a connector sends it that keeps the schema part. */
export function withSchema(columns: readonly object[], payload: unknown, name = 'shop.users.Envelope') {
  const row = (field: string) => ({ type: 'struct', fields: columns, optional: true, name: 'shop.users.Value', field })
  const fields = [row('before'), row('after'), { type: 'string', optional: false, field: 'op' }]
  return { schema: { type: 'struct', fields, optional: false, name, version: 2 }, payload }
}

/** Returns the line of each message, parsed; the reason of one that is rejected; 'ignored'. */
export async function read(format: Format, messages: readonly (Uint8Array | null)[], keys?: readonly string[]) {
  const { lines, rejected, ignored = [] } = await format.read({ ...joinValues(messages), ...(keys && { keys }) })
  const reasons = new Map(rejected.map(({ index, reason }) => [index, reason]))
  return messages.map((_, index) => {
    if (ignored.includes(index)) return 'ignored'
    return reasons.get(index) ?? JSON.parse(Buffer.from(valueAt(lines, index) ?? []).toString())
  })
}
