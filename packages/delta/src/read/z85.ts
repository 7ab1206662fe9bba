const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'
const DIGITS = new Map([...ALPHABET].map((character, digit) => [character, digit]))

/** Z85 (ZeroMQ RFC 32): five characters for four bytes. Undefined where the text is none. */
export function decodeZ85(text: string): Uint8Array | undefined {
  if (text.length % 5 !== 0) return undefined
  const bytes = new DataView(new ArrayBuffer((text.length / 5) * 4))
  for (let group = 0; group * 5 < text.length; group++) {
    let word = 0
    for (const character of text.slice(group * 5, group * 5 + 5)) {
      const digit = DIGITS.get(character)
      if (digit === undefined) return undefined
      word = word * 85 + digit
    }
    if (word > 0xffff_ffff) return undefined
    bytes.setUint32(group * 4, word)
  }
  return new Uint8Array(bytes.buffer)
}

/** Returns bytes, whose number is a multiple of four, as Z85. */
export function encodeZ85(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let text = ''
  for (let at = 0; at < bytes.length; at += 4) {
    const word = view.getUint32(at)
    for (let place = 85 ** 4; place >= 1; place /= 85) text += ALPHABET[Math.floor(word / place) % 85]
  }
  return text
}
