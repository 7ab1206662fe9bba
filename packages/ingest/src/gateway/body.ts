import { isUtf8 } from 'node:buffer'
import { endOfText, type JsonText, jsonText, startsObject, valueBytes } from './json-text.ts'
import { refuse } from './refusal.ts'

/** Reads a body that is one JSON object; `read` has to leave the text behind it. */
export function readObject<T>(body: unknown, read: (text: JsonText) => T): T {
  if (!Buffer.isBuffer(body) || body.length === 0) throw refuse(400, 'the body is missing')
  if (!isUtf8(body)) throw refuse(400, 'the body is not UTF-8')
  const text = jsonText(body)
  if (!startsObject(text)) {
    valueBytes(text)
    endOfText(text)
    throw refuse(422, 'the body is not a JSON object')
  }
  const result = read(text)
  endOfText(text)
  return result
}
