import { escapeControls } from '@millrace/base'

const KEYWORDS =
  'SELECT FROM WHERE GROUP BY ORDER HAVING LIMIT JOIN LEFT USING ON AS AND OR NOT NULL IN IS BETWEEN LIKE DISTINCT COUNT SUM AVG MIN MAX MEDIAN CASE WHEN THEN ELSE END WITH UNION ALL DESC ASC QUALIFY OVER PARTITION DESCRIBE SUMMARIZE VERSION TIMESTAMP'.split(
    ' ',
  )

export interface Names {
  /** Returns the names of tables in SQL: `orders`, `batch.revenue`. */
  tables(): Promise<readonly string[]>
  columns(table: string): Promise<readonly string[]>
}

export const DOT_COMMANDS = ['.tables', '.columns', '.help', '.exit'] as const

/**
 * Returns the completions of the last word of the line, and that word. Columns are those of the tables that are named
 * so far, in the lines before as well.
 */
export async function completions(before: string, line: string, names: Names): Promise<[string[], string]> {
  const word = /[\w.]*$/.exec(line)?.[0] ?? ''
  if (line.startsWith('.') && !line.includes(' ')) {
    return [DOT_COMMANDS.filter((command) => command.startsWith(line)), line]
  }
  const tables = await names.tables()
  const named = tables.filter((table) => mentions(`${before}\n${line}`, table))
  const columns = (await Promise.all(named.map((table) => names.columns(table)))).flat()
  const keywords = KEYWORDS.map((keyword) => (/[a-z]/.test(word) ? keyword.toLowerCase() : keyword))
  // A name with control characters in it would steer the screen, and can't be typed anyway.
  const typed = [...columns, ...tables].filter((name) => escapeControls(name) === name)
  const found = [...new Set([...typed, ...(word === '' ? [] : keywords)])]
  return [found.filter((name) => name.toLowerCase().startsWith(word.toLowerCase()) && name !== word), word]
}

function mentions(text: string, table: string): boolean {
  const words: readonly string[] = text.toLowerCase().match(/[\w.]+/g) ?? []
  return words.includes(table.toLowerCase())
}
