import { quoteText } from '@millrace/engine'

/** The ways in which a moment may be written. Without a zone it is UTC; an offset is honoured. */
export const TIMESTAMP_SHAPES = ['YYYY-MM-DD HH:MM:SS', 'YYYY-MM-DDTHH:MM:SS', 'YYYY:MM:DD HH:MM:SS'] as const

export type TimestampShape = (typeof TIMESTAMP_SHAPES)[number]

const DATES: Readonly<Record<TimestampShape, string>> = {
  'YYYY-MM-DD HH:MM:SS': '[0-9]{4}-[0-9]{2}-[0-9]{2} ',
  'YYYY-MM-DDTHH:MM:SS': '[0-9]{4}-[0-9]{2}-[0-9]{2}T',
  'YYYY:MM:DD HH:MM:SS': '[0-9]{4}:[0-9]{2}:[0-9]{2} ',
}

const TIME = '([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?'
const ZONE = '(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)?'

/** SQL for when a text is no moment in one of these shapes. */
export function noTimestamp(text: string, shapes: readonly TimestampShape[]): string {
  const pattern = `(${shapes.map((shape) => DATES[shape]).join('|')})${TIME}${ZONE}`
  // Days that no calendar has are left to the cast.
  const wrong = `${text} IS NOT NULL AND (NOT regexp_full_match(${text}, ${quoteText(pattern)}) OR ${text} LIKE '0000%' OR ${timestampValue(text)} IS NULL)`
  if (!shapes.includes('YYYY-MM-DD HH:MM:SS')) return wrong
  // Most are as the engine itself would write them, which it knows in half the time.
  const usual = `strlen(${text}) = 19 AND contains(${text}, ' ') AND ${text} = CAST(TRY_CAST(${text} AS TIMESTAMP) AS VARCHAR)`
  return `CASE WHEN ${usual} THEN false ELSE ${wrong} END`
}

/** SQL for the moment; NULL where the text is none. A cast alone would also take `epoch`, `infinity` and dates before Christ. */
export function timestampValue(text: string): string {
  const dashed = `CASE WHEN substr(${text}, 5, 1) = ':' THEN substr(${text}, 1, 4) || '-' || substr(${text}, 6, 2) || '-' || substr(${text}, 9) ELSE ${text} END`
  // Of this length it has no zone, so that the slow cast, which knows zones, is not needed.
  const plain = `CASE WHEN strlen(${text}) = 19 THEN make_timestamptz(epoch_us(TRY_CAST(${text} AS TIMESTAMP))) END`
  return `coalesce(${plain}, TRY_CAST(${dashed} AS TIMESTAMPTZ))`
}
