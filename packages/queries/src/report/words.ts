const NUMBER = formatter({ maximumFractionDigits: 2 })
const SHORT = formatter({ notation: 'compact', maximumFractionDigits: 1 })
const SHARE = formatter({ style: 'percent', maximumFractionDigits: 1 })

export const numberText = (value: number | bigint): string => NUMBER(value)

export const shortNumber = (value: number): string => SHORT(value)

export function shareText(part: number, whole: number): string {
  if (part === 0 || whole === 0) return '0%'
  return part / whole < 0.001 ? 'under 0.1%' : SHARE(part / whole)
}

/** Returns a column name as words: `median_follower_count` becomes "median follower count". */
export const columnText = (name: string): string => name.replaceAll('_', ' ')

/** Formats a time in UTC to the second, so that a report is the same everywhere. */
export function timeText(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${numberText(count)} ${count === 1 ? one : many}`
}

/** Lists at most three names and the number of the others. */
export function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 3).map(shortText).join(', ')
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown
}

const LONGEST = 60

/** Shortens text to fit on one line. */
export function shortText(text: string): string {
  const characters = [...text]
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST - 1).join('')}…` : text
}

/** Makes the formatter when it is first used: that takes longer than many a command that never does. */
function formatter(options: Intl.NumberFormatOptions): (value: number | bigint) => string {
  let format: Intl.NumberFormat | undefined
  return (value) => {
    format ??= new Intl.NumberFormat('en', options)
    return format.format(value)
  }
}
