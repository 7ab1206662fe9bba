import { bits, type Chance, fraction } from './chance.ts'
import { type Page, put } from './page.ts'
import { WORDS } from './words.ts'

const encoder = new TextEncoder()

/** Encodes text that goes into a record unchanged. */
export function literal(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Encodes text as it stands between the quotes of JSON. */
export function quotable(text: string): Uint8Array {
  return literal(JSON.stringify(text).slice(1, -1))
}

const SPACE = 0x20
const DAY_MS = 86_400_000
const SECONDS_A_DAY = 86_400

const words = WORDS.map(quotable)

/** Table of all words with a space after each, and their offsets. One table is faster, and records are mostly words. */
const wordBytes = Buffer.concat(words.flatMap((word) => [word, Buffer.from(' ')]))
const wordStarts = Int32Array.from({ length: words.length + 1 }, (_, i) =>
  words.slice(0, i).reduce((sum, word) => sum + word.length + 1, 0),
)

export function putWords(page: Page, chance: Chance, count: number): void {
  const { bytes } = page
  let at = page.at
  let drawn = 0
  for (let i = 0; i < count; i++) {
    // Half of the bits are enough for a word.
    drawn = i & 1 ? drawn >>> 16 : bits(chance)
    const word = ((drawn & 0xffff) * words.length) >>> 16
    const end = wordStarts[word + 1] as number
    for (let from = wordStarts[word] as number; from < end; from++) bytes[at++] = wordBytes[from] as number
  }
  page.at = at - 1
}

export function putOneOf(page: Page, chance: Chance, texts: readonly Uint8Array[]): void {
  put(page, texts[Math.floor(fraction(chance) * texts.length)] as Uint8Array)
}

/** Returns the days from `first` to `last`, both included, as `YYYY-MM-DD`. */
export function daysBetween(first: string, last: string): Uint8Array[] {
  const days: Uint8Array[] = []
  for (let day = Date.parse(first); day <= Date.parse(last); day += DAY_MS) {
    days.push(literal(new Date(day).toISOString().slice(0, 10)))
  }
  return days
}

const twoDigits = Array.from({ length: 60 }, (_, number) => literal(String(number).padStart(2, '0')))
const colon = 0x3a

/** Appends the time at this share (0 to 1) of the days as `YYYY-MM-DD HH:MM:SS`. */
export function putMoment(page: Page, days: readonly Uint8Array[], share: number): void {
  const seconds = Math.floor(share * days.length * SECONDS_A_DAY)
  const day = Math.floor(seconds / SECONDS_A_DAY)
  const second = seconds - day * SECONDS_A_DAY
  put(page, days[day] as Uint8Array)
  page.bytes[page.at++] = SPACE
  put(page, twoDigits[Math.floor(second / 3600)] as Uint8Array)
  page.bytes[page.at++] = colon
  put(page, twoDigits[Math.floor(second / 60) % 60] as Uint8Array)
  page.bytes[page.at++] = colon
  put(page, twoDigits[second % 60] as Uint8Array)
}
