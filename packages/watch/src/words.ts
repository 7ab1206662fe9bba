const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** Formats bytes in powers of 1000 with at least two digits, such as 12 MB or 3.4 GB. */
export function bytesInWords(bytes: number): string {
  let [value, unit] = [bytes, 0]
  while (Math.abs(value) >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit > 0 && Math.abs(value) < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`
}

/** Formats a count, such as 1,234 or 1.2 million. */
export function countInWords(count: number): string {
  const steps = [
    [1e9, 'billion'],
    [1e6, 'million'],
  ] as const
  const step = steps.find(([size]) => count >= size)
  return step ? `${(count / step[0]).toFixed(1)} ${step[1]}` : Math.round(count).toLocaleString('en-US')
}

/** Formats an exact count, such as 1,234,567. */
export function exactCountInWords(count: number): string {
  return count.toLocaleString('en-US')
}

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Formats a duration, such as 0.4 s, 12 s, 3 min, 2 h 5 min or 4 days. */
export function secondsInWords(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  if (seconds < MINUTE - 0.5) return `${Math.round(seconds)} s`
  if (seconds < HOUR - 30) return `${Math.round(seconds / MINUTE)} min`
  if (seconds >= 2 * DAY) return `${Math.round(seconds / DAY)} days`
  const minutes = Math.round(seconds / MINUTE)
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Formats a time, such as 14:02 UTC, with its date unless that is today. */
export function clockInWords(time: number, now: number): string {
  const [day, clock] = new Date(time).toISOString().split('T') as [string, string]
  const today = new Date(now).toISOString().startsWith(day)
  return `${today ? '' : `${day} `}${clock.slice(0, 5)} UTC`
}

/** Formats a time, such as 3 min ago. From the third day on, it returns the date. */
export function agoInWords(time: number, now: number): string {
  const seconds = Math.max(0, (now - time) / 1000)
  return seconds < 2 * DAY ? `${secondsInWords(seconds)} ago` : new Date(time).toISOString().slice(0, 10)
}

const MOST_NAMES = 3

/** Formats names, the first of many only, such as pin, geo, user and 997 more. */
export function namesInWords(names: readonly string[]): string {
  const more = names.length - MOST_NAMES
  return more <= 0 ? names.join(', ') : `${names.slice(0, MOST_NAMES).join(', ')} and ${more} more`
}
