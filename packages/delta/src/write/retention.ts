import { MillraceError } from '@millrace/base'
import type { Metadata } from '../log/actions.ts'
import { property } from '../log/properties.ts'

const DAY = 24 * 60 * 60 * 1000

const UNITS: Readonly<Record<string, number>> = {
  millisecond: 1,
  second: 1000,
  minute: 60 * 1000,
  hour: 60 * 60 * 1000,
  day: DAY,
  week: 7 * DAY,
}

/** How long the log keeps entries, in milliseconds. */
export function logRetention(metadata: Metadata): number {
  return duration(metadata, 'delta.logRetentionDuration', 30 * DAY)
}

/** How long a removed file stays for those who still read an older version, in milliseconds. */
export function fileRetention(metadata: Metadata): number {
  return duration(metadata, 'delta.deletedFileRetentionDuration', 7 * DAY)
}

function duration(metadata: Metadata, key: string, whenUnset: number): number {
  const text = property(metadata.configuration, key)
  if (text === undefined) return whenUnset
  const milliseconds = parseInterval(text)
  if (milliseconds === undefined) throw new MillraceError('TABLE_BROKEN', `the table's ${key} is no duration: ${text}`)
  return milliseconds
}

/** `interval 1 day 12 hours`, as Spark writes it. */
function parseInterval(text: string): number | undefined {
  const words = text
    .trim()
    .toLowerCase()
    .replace(/^interval\s+/, '')
    .split(/\s+/)
  let total = 0
  for (let i = 0; i < words.length; i += 2) {
    const unit = UNITS[words[i + 1]?.replace(/s$/, '') ?? '']
    const count = Number(words[i])
    if (unit === undefined || !Number.isFinite(count)) return undefined
    total += count * unit
  }
  return words.length === 0 ? undefined : total
}
