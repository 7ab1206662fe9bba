import { isUtf8 } from 'node:buffer'
import { endOfText, type JsonText, jsonText, NotJson, startsObject, valueBytes } from './json-text.ts'
import { RefusedRequest, refuse } from './refusal.ts'

/** Reads a body that is one JSON object; `read` has to leave the text behind it. */
export function readObject<T>(body: unknown, read: (text: JsonText) => T): T {
  if (!Buffer.isBuffer(body) || body.length === 0) throw refuse(400, 'the body is missing')
  if (!isUtf8(body)) throw refuse(400, 'the body is not UTF-8')
  const text = jsonText(body)
  try {
    if (!startsObject(text)) throw refuse(422, 'the body is not a JSON object')
    const result = read(text)
    endOfText(text)
    return result
  } catch (error) {
    // Reports text that is no JSON as such, whatever else seemed wrong before; a body that is too large is not read on.
    if (!(error instanceof NotJson) && !isTooMuch(error)) checkJson(body)
    throw error
  }
}

function isTooMuch(error: unknown): boolean {
  return error instanceof RefusedRequest && error.status === 413
}

function checkJson(body: Buffer): void {
  const text = jsonText(body)
  valueBytes(text)
  endOfText(text)
}
