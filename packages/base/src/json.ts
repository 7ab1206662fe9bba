/** Parts of ES2026 that TypeScript's library does not declare yet. */
interface ExactJson {
  rawJSON(text: string): unknown
  isRawJSON(value: unknown): boolean
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
}

const exact = JSON as unknown as ExactJson

/** A number for JSON.stringify, digit for digit: longs and decimals never become JavaScript numbers. */
export function exactNumber(text: string | bigint): unknown {
  return exact.rawJSON(String(text))
}

/** JSON in which the named integer fields come back as bigint. */
export function parseWithBigints(text: string, fields: readonly string[]): unknown {
  return exact.parse(text, (key, value, { source }) =>
    source !== undefined && fields.includes(key) ? BigInt(source) : value,
  )
}

/** JSON in which every number comes back as its text. */
export function parseWithNumberText(text: string): unknown {
  return exact.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? source : value,
  )
}

/** JSON in which whole numbers that JavaScript would round come back as their text. */
export function parseWithLongText(text: string): unknown {
  return exact.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && /^-?\d+$/.test(source) && !Number.isSafeInteger(value)
      ? source
      : value,
  )
}

/** JSON in which numbers that JavaScript would round come back as `exactNumber`, and go out as they came. */
export function parseExactly(text: string): unknown {
  return exact.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined ? exactNumber(source) : value,
  )
}

export function isExactNumber(value: unknown): boolean {
  return exact.isRawJSON(value)
}

/** Shorter texts take little memory, whatever is in them. */
const SHORT_TEXT = 1 << 20
/** Maximum number of levels, and of elements and members, in a text that is not short. */
const [DEEPEST, MOST_VALUES] = [50_000, 4_000_000]
const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c]
const [BRACKET, BRACE, BRACKET_END, BRACE_END] = [0x5b, 0x7b, 0x5d, 0x7d]

/**
 * Throws a SyntaxError for JSON that would take many times the memory of its text: brackets alone take fifty times it.
 * Call it before text from others is parsed.
 */
export function refuseBomb(text: string): void {
  if (text.length <= SHORT_TEXT) return
  let [depth, values, quoted] = [0, 0, false]
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (quoted) {
      if (code === BACKSLASH) at++
      else if (code === QUOTE) quoted = false
    } else if (code === QUOTE) quoted = true
    else if (code === COMMA) values++
    else if (code === BRACKET || code === BRACE) {
      values++
      depth++
    } else if (code === BRACKET_END || code === BRACE_END) depth--
    if (depth > DEEPEST) throw new SyntaxError(`more than ${DEEPEST} levels`)
    if (values > MOST_VALUES) throw new SyntaxError(`more than ${MOST_VALUES} values`)
  }
}
