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
