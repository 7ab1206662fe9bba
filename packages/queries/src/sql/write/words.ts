/** A word or sign of a statement, and where it stands in it. */
export interface Word {
  /** Keywords and signs in upper case; what is in quotes as it is written. */
  readonly text: string
  readonly from: number
  readonly to: number
  /** How many parentheses and CASE … END are open around it. */
  readonly depth: number
}

const WORDS =
  /\s+|--[^\n]*|\/\*[\s\S]*?\*\/|(?<quoted>e'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<dollar>\$\w*\$)[\s\S]*?\k<dollar>)|(?<name>[\p{L}_][\p{L}\p{N}_$]*|\d[\w.]*)|(?<sign>[\s\S])/giuy

const OPENS = new Set(['(', '[', '{', 'CASE'])
const CLOSES = new Set([')', ']', '}', 'END'])

/** Returns the words of a statement that DuckDB's parser has taken. Comments are left out. */
export function wordsOf(sql: string): Word[] {
  const words: Word[] = []
  let depth = 0
  WORDS.lastIndex = 0
  for (let match = WORDS.exec(sql); match?.groups; match = WORDS.exec(sql)) {
    const { quoted, name, sign } = match.groups
    const text = quoted ?? name?.toUpperCase() ?? sign
    if (text === undefined) continue
    if (CLOSES.has(text)) depth--
    words.push({ text, from: match.index, to: match.index + match[0].length, depth })
    if (OPENS.has(text)) depth++
  }
  return words
}
