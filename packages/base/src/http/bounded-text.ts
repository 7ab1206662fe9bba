import { MillraceError } from '../errors.ts'

/** Returns the body of an answer, up to this many bytes. Breaks off a longer one. */
export async function boundedText(response: Response, mostBytes: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.length
    if (bytes > mostBytes) {
      throw new MillraceError('SOURCE_UNSUPPORTED', `${response.url} answered with more than ${mostBytes} bytes`, {
        next: 'Check that the address is right: no server of the kind answers that much.',
      })
    }
    text += decoder.decode(part, { stream: true })
  }
  return text + decoder.decode()
}
