/** Matches what stands in quotes and comments, closed or not. */
const OPAQUE = /'(?:[^']|'')*('|$)|"(?:[^"]|"")*("|$)|(\$\w*\$)[\s\S]*?(\3|$)|--[^\n]*(\n|$)|\/\*[\s\S]*?(\*\/|$)/g

/** Returns whether the text ends with a semicolon that ends a statement. */
export function isWhole(text: string): boolean {
  let isOpen = false
  const bare = text.replace(OPAQUE, (part) => {
    isOpen ||= !isClosed(part)
    return isComment(part) ? ' ' : 'x'
  })
  return !isOpen && bare.trimEnd().endsWith(';')
}

/** Splits SQL at the semicolons between its statements, and leaves out parts that hold nothing but comments. */
export function splitStatements(sql: string): string[] {
  // The copy has the same length, so a place in it is the same place in the SQL.
  const bare = sql.replace(OPAQUE, (part) => (isComment(part) ? ' ' : 'x').repeat(part.length))
  const statements: string[] = []
  let from = 0
  for (const piece of bare.split(';')) {
    if (piece.trim() !== '') statements.push(sql.slice(from, from + piece.length).trim())
    from += piece.length + 1
  }
  return statements
}

/** Returns the statement without comments, and with nothing in its texts. Quoted names stay. */
export function withoutTexts(sql: string): string {
  return sql.replace(OPAQUE, (part) => {
    if (part.startsWith('"')) return part
    return isComment(part) ? ' ' : "''"
  })
}

function isComment(part: string): boolean {
  return part.startsWith('--') || part.startsWith('/*')
}

function isClosed(part: string): boolean {
  if (part.startsWith('--')) return true
  if (part.startsWith('/*')) return part.length >= 4 && part.endsWith('*/')
  const quote = /^(?:'|"|\$\w*\$)/.exec(part)?.[0] ?? ''
  return part.length >= 2 * quote.length && part.endsWith(quote)
}
