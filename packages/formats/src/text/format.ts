import { isUtf8 } from 'node:buffer'
import { joinValues, valueAt } from '@millrace/base'
import type { Format, RejectedMessage } from '../format.ts'

/** Messages that are a text, or any bytes, as the one field `value`: the text, or base64. */
export const textFormat: Format = wholeMessage('text', (message) => (isUtf8(message) ? textOf(message) : undefined))

export const bytesFormat: Format = wholeMessage('bytes', (message) => bufferOf(message).toString('base64'))

function wholeMessage(name: string, valueIn: (message: Uint8Array) => string | undefined): Format {
  return {
    name,
    readsKeys: false,
    isJsonLines: false,
    ...(name === 'bytes' && { isBinary: true }),
    read(messages) {
      const rejected: RejectedMessage[] = []
      const lines = Array.from({ length: messages.count }, (_, index) => {
        const message = valueAt(messages, index)
        const value = message && valueIn(message)
        if (typeof value === 'string') return Buffer.from(`{"value":${JSON.stringify(value)}}`)
        rejected.push({ index, reason: message === null ? 'tombstone: no value' : 'not text: invalid UTF-8' })
        return null
      })
      return { lines: joinValues(lines), rejected }
    },
  }
}

const bufferOf = ({ buffer, byteOffset, length }: Uint8Array) => Buffer.from(buffer, byteOffset, length)

const textOf = (message: Uint8Array) => bufferOf(message).toString()
