import { joinValues, valueAt } from '@millrace/base'
import type { Format, RejectedMessage } from '../../src/index.ts'

/** Messages such as `ind=7 name=Ada`: fields apart by spaces, `+` for a space within a value. */
export const keyValueFormat: Format = {
  name: 'key-value',
  readsKeys: false,
  isJsonLines: false,
  read(messages) {
    const rejected: RejectedMessage[] = []
    const lines = Array.from({ length: messages.count }, (_, index) => {
      const read = readOne(valueAt(messages, index))
      if (typeof read !== 'string') return Buffer.from(JSON.stringify(Object.fromEntries(read)))
      rejected.push({ index, reason: read })
      return null
    })
    return { lines: joinValues(lines), rejected }
  },
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Returns the fields, or why the message is not of this format. */
function readOne(message: Uint8Array | null): Map<string, string> | string {
  if (message === null) return 'no message: a tombstone'
  try {
    const fields = utf8
      .decode(message)
      .split(' ')
      .map((field) => field.split('='))
    if (fields.some((parts) => parts.length !== 2 || parts[0] === ''))
      return 'not key=value: a field has no name or no value'
    const read = new Map(fields.map(([name = '', value = '']) => [name, value.replaceAll('+', ' ')]))
    return read.size === fields.length ? read : 'not key=value: a field comes twice'
  } catch {
    return 'not key=value: invalid UTF-8'
  }
}
