/** What stands in quotes or is a comment, closed or not. */
const OPAQUE = /'(?:[^']|'')*('|$)|"(?:[^"]|"")*("|$)|(\$\w*\$)[\s\S]*?(\3|$)|--[^\n]*(\n|$)|\/\*[\s\S]*?(\*\/|$)/g

/** Whether the text ends with a semicolon that ends a statement. */
export function isWhole(text: string): boolean {
  let isOpen = false
  const bare = text.replace(OPAQUE, (part) => {
    isOpen ||= !isClosed(part)
    return part.startsWith('--') || part.startsWith('/*') ? ' ' : 'x'
  })
  return !isOpen && bare.trimEnd().endsWith(';')
}

function isClosed(part: string): boolean {
  if (part.startsWith('--')) return true
  if (part.startsWith('/*')) return part.length >= 4 && part.endsWith('*/')
  const quote = /^(?:'|"|\$\w*\$)/.exec(part)?.[0] ?? ''
  return part.length >= 2 * quote.length && part.endsWith(quote)
}
