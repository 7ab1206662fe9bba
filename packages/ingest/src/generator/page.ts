/** Buffer of records, each followed by a newline. */
export interface Page {
  bytes: Uint8Array
  at: number
  /** Offset at which each record ends. */
  readonly ends: number[]
}

/** Upper bound of the size of a generated record. */
const LARGEST_RECORD = 8 << 10

const HEX = new TextEncoder().encode('0123456789abcdef')
const [ZERO, NEWLINE, MINUS, POINT] = [0x30, 0x0a, 0x2d, 0x2e]

export function newPage(bytes: number): Page {
  return { bytes: Buffer.allocUnsafeSlow(Math.max(bytes, LARGEST_RECORD)), at: 0, ends: [] }
}

export function endRecord(page: Page): void {
  page.ends.push(page.at)
  page.bytes[page.at++] = NEWLINE
  makeRoom(page, LARGEST_RECORD)
}

/** Grows the buffer until so many bytes more fit. */
export function makeRoom(page: Page, bytes: number): void {
  if (page.bytes.length - page.at >= bytes) return
  const larger = Buffer.allocUnsafeSlow(Math.max(2 * page.bytes.length, page.at + bytes))
  larger.set(page.bytes.subarray(0, page.at))
  page.bytes = larger
}

/** Returns the records as views of the buffer, without copying. */
export function recordsOf({ bytes, ends }: Page): Uint8Array[] {
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : (ends[i - 1] as number) + 1, end))
}

/** Up to this many bytes, a loop copies faster than `set`. */
const FEW_BYTES = 24

export function put(page: Page, text: Uint8Array): void {
  const { bytes } = page
  const { length } = text
  let at = page.at
  if (length > FEW_BYTES) {
    bytes.set(text, at)
    page.at = at + length
    return
  }
  for (let i = 0; i < length; i++) bytes[at++] = text[i] as number
  page.at = at
}

/** Appends a whole number that is at least 0. */
export function putInteger(page: Page, value: number): void {
  let digits = 1
  for (let limit = 10; value >= limit; limit *= 10) digits++
  putDigits(page, value, digits)
}

function putDigits(page: Page, value: number, digits: number): void {
  let rest = value
  for (let at = page.at + digits - 1; at >= page.at; at--) {
    const tenth = Math.floor(rest / 10)
    page.bytes[at] = ZERO + rest - tenth * 10
    rest = tenth
  }
  page.at += digits
}

/** Appends a number of ten-thousandths as the shortest JSON number. */
export function putTenThousandths(page: Page, value: number): void {
  if (value < 0) page.bytes[page.at++] = MINUS
  const size = Math.abs(value)
  const whole = Math.floor(size / 10_000)
  putInteger(page, whole)
  if (size === whole * 10_000) return
  page.bytes[page.at++] = POINT
  putDigits(page, size - whole * 10_000, 4)
  while (page.bytes[page.at - 1] === ZERO) page.at--
}

/** Appends the highest `digits` (at most 8) hexadecimal digits of 32 bits. */
export function putHex(page: Page, bits: number, digits: number): void {
  for (let shift = 28; shift >= 32 - digits * 4; shift -= 4) {
    page.bytes[page.at++] = HEX[(bits >>> shift) & 15] as number
  }
}
