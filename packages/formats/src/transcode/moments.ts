import type { JsonWriter } from './json-writer.ts'
import { Undecodable } from './undecodable.ts'

const QUOTE = 0x22
const DAY_SECONDS = 86_400

export interface TimeParts {
  readonly seconds: number
  readonly fraction: number
}

/** Splits a time into seconds and what is left, which is never below zero. */
export function split(value: bigint, unit: bigint): TimeParts {
  const fraction = ((value % unit) + unit) % unit
  return { seconds: Number((value - fraction) / unit), fraction: Number(fraction) }
}

/** Writes seconds since 1970 as text that the engine casts quickly: 2026-01-31 12:00:00.123456, without a fraction of 0. */
export function writeMoment(seconds: number, fraction: number, digits: number, to: JsonWriter): void {
  const day = Math.floor(seconds / DAY_SECONDS)
  to.byte(QUOTE)
  writeDay(day, to)
  to.byte(0x20)
  writeClock({ seconds: seconds - day * DAY_SECONDS, fraction }, digits, to)
  to.byte(QUOTE)
}

export function writeClock({ seconds, fraction }: TimeParts, digits: number, to: JsonWriter): void {
  if (seconds < 0 || seconds >= DAY_SECONDS) throw new Undecodable('a time of day is not within a day')
  to.reserve(24)
  to.digits((seconds / 3600) | 0, 2)
  to.byte(0x3a)
  to.digits(((seconds / 60) | 0) % 60, 2)
  to.byte(0x3a)
  to.digits(seconds % 60, 2)
  if (fraction === 0) return
  to.byte(0x2e)
  to.digits(fraction, digits)
}

/** Writes a day counted from 1970 as year, month and day, in the proleptic Gregorian calendar. */
export function writeDay(day: number, to: JsonWriter): void {
  // The algorithm counts years from March, in eras of 400.
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const ofEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  )
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const month = Math.floor((5 * ofYear + 2) / 153)
  const year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
  if (year < 1 || year > 9999) throw new Undecodable('a time is not within the years 1 to 9999')
  to.reserve(10)
  to.digits(year, 4)
  to.byte(0x2d)
  to.digits(month >= 10 ? month - 9 : month + 3, 2)
  to.byte(0x2d)
  to.digits(ofYear - Math.floor((153 * month + 2) / 5) + 1, 2)
}
