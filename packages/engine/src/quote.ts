import { MillraceError } from '@millrace/base'

/** Quotes a name of a table or column. */
export function quoteName(name: string): string {
  if (!name.includes(NUL)) return `"${name.replaceAll('"', '""')}"`
  throw new MillraceError('QUERY_FAILED', `the name ${JSON.stringify(name)} holds a NUL character, which SQL can't`)
}

const NUL = '\0'

/** Quotes a text. The parser ends a statement at a NUL character, so a text with one is put together from its parts. */
export function quoteText(text: string): string {
  if (!text.includes(NUL)) return `'${text.replaceAll("'", "''")}'`
  return `(${text.split(NUL).map(quoteText).join(' || chr(0) || ')})`
}
