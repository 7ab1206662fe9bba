/** Names, words, numbers, texts and signs of a statement; a comment that a server runs is read as what it says. */
const TOKEN =
  /`(?:[^`]|``)*`|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|\/\*(?!M?!)[\s\S]*?\*\/|\/\*M?!\d*|\*\/|(?:--\s|#)[^\n]*|[\p{L}\p{N}_$@]+|[^\s]/gu
const COMMENT = /^(\/\*|\*\/|--|#)/
/** Statements that say what becomes of tables are shorter; those that are not have their rows in them. */
const LONGEST = 1 << 20

/** Returns what a statement is made of, without the settings that hold for it alone: SET STATEMENT … FOR. */
export function wordsOf(statement: string): string[] {
  const tokens = statement.slice(0, LONGEST).match(TOKEN) ?? []
  const words = tokens.filter((token) => !COMMENT.test(token) || token === '-' || token === '/')
  const isSet = words[0]?.toUpperCase() === 'SET' && words[1]?.toUpperCase() === 'STATEMENT'
  return isSet ? words.slice(words.findIndex((word) => word.toUpperCase() === 'FOR') + 1) : words
}

export interface TableName {
  readonly database: string
  readonly table: string
}

export const unquoted = (name = '') => (/^[`"]/.test(name) ? name.slice(1, -1).replaceAll('``', '`') : name)

/** Returns the table that is named at a place of a statement, and where the statement goes on. */
export function nameAt(words: readonly string[], at: number, current: string): TableName & { readonly next: number } {
  const isQualified = words[at + 1] === '.'
  const table = isQualified ? at + 2 : at
  return { database: isQualified ? unquoted(words[at]) : current, table: unquoted(words[table]), next: table + 1 }
}

/** Splits at commas that stand in no brackets. */
export function commaSeparated(words: readonly string[]): string[][] {
  const parts: string[][] = [[]]
  let depth = 0
  for (const word of words) {
    if (word === '(') depth++
    if (word === ')') depth--
    if (word === ',' && depth === 0) parts.push([])
    else parts.at(-1)?.push(word)
  }
  return parts
}
