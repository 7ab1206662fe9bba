const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 2 })
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const SHARE = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 })

export const numberText = (value: number | bigint): string => NUMBER.format(value)

export const shortNumber = (value: number): string => SHORT.format(value)

export function shareText(part: number, whole: number): string {
  if (part === 0 || whole === 0) return '0%'
  return part / whole < 0.001 ? 'under 0.1%' : SHARE.format(part / whole)
}

/** `median_follower_count` as people say it. */
export const columnText = (name: string): string => name.replaceAll('_', ' ')

/** To the second, in UTC: what a report says is the same wherever it is read. */
export function timeText(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${numberText(count)} ${count === 1 ? one : many}`
}

/** Names as a list of at most three, and how many more there are. */
export function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 3).map(shortText).join(', ')
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown
}

const LONGEST = 60

/** For places where a line is a line. */
export function shortText(text: string): string {
  const characters = [...text]
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST - 1).join('')}…` : text
}
