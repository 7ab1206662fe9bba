const SHOWN_BYTES = 200

/** Returns the beginning of bytes as text, with control characters escaped. */
export function printable(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, SHOWN_BYTES))
  return text.replace(/\p{C}/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}
