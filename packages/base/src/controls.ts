/** Control characters (C0, DEL, C1), and the marks that turn the direction of text. */
const CONTROLS = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/**
 * Text with its control characters written out as JSON writes them (`\u001b`), so that it can't steer a terminal.
 * `keep`: characters that stay.
 */
export function escapeControls(text: string, keep = ''): string {
  return text.replace(CONTROLS, (character) => (keep.includes(character) ? character : escaped(character)))
}

function escaped(character: string): string {
  const short = JSON.stringify(character).slice(1, -1)
  return short === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : short
}
