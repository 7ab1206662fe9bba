const SHOWN_BYTES = 200

/** How bytes begin, as text for people: with nothing in it that a screen would obey. */
export function printable(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, SHOWN_BYTES))
  return text.replace(/\p{C}/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}
