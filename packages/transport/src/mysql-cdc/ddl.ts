/** What a statement about tables does to the rows of one of them; none of it is in the log as changes of rows. */
export interface Alteration {
  readonly database: string
  readonly table: string
  /** `empties`: all rows are gone. `rewrites`: rows may have other values. `replaces`: there may be other rows. */
  readonly effect: 'empties' | 'rewrites' | 'replaces'
}

/** Returns what a statement of the log does to rows of tables; `current` is the database of tables without one. */
export function alterationsBy(statement: string, current: string): Alteration[] {
  const words = tokens(statement)
  const verb = words[0]?.toUpperCase()
  const second = words.slice(1, 8).map((word) => word.toUpperCase())
  if (verb === 'TRUNCATE') return [{ ...nameAt(words, second[0] === 'TABLE' ? 2 : 1, current), effect: 'empties' }]
  const at = second.indexOf('TABLE') + 2
  if (at === 1) return []
  // A temporary table, or a view, is not the table of that name.
  if (!second.slice(0, at - 2).every((word) => /^(ONLINE|OFFLINE|IGNORE|OR|REPLACE)$/.test(word))) return []
  if (verb === 'ALTER') return alteredBy(words, afterExists(words, at), current)
  if (verb === 'RENAME') return renamedBy(words.slice(afterExists(words, at)), current)
  const isReplaced = verb === 'CREATE' && second[0] === 'OR'
  if (verb !== 'DROP' && !isReplaced) return []
  const names = verb === 'DROP' ? commaSeparated(words.slice(afterExists(words, at))) : [words.slice(at)]
  return names.map((name) => ({ ...nameAt(name, 0, current), effect: 'empties' }))
}

/** Names, words, numbers, texts and signs of a statement; a comment that a server runs is read as what it says. */
const TOKEN =
  /`(?:[^`]|``)*`|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|\/\*(?!M?!)[\s\S]*?\*\/|\/\*M?!\d*|\*\/|(?:--\s|#)[^\n]*|[\p{L}\p{N}_$@]+|[^\s]/gu
const COMMENT = /^(\/\*|\*\/|--|#)/

function tokens(statement: string): string[] {
  return (statement.match(TOKEN) ?? []).filter((token) => !COMMENT.test(token) || token === '-' || token === '/')
}

const afterExists = (words: readonly string[], at: number) => (words[at]?.toUpperCase() === 'IF' ? at + 2 : at)

interface TableName {
  readonly database: string
  readonly table: string
}

const unquoted = (name = '') => (/^[`"]/.test(name) ? name.slice(1, -1).replaceAll('``', '`') : name)

function nameAt(words: readonly string[], at: number, current: string): TableName {
  const isQualified = words[at + 1] === '.'
  return {
    database: isQualified ? unquoted(words[at]) : current,
    table: unquoted(words[isQualified ? at + 2 : at]),
  }
}

/** Splits at commas that stand in no brackets. */
function commaSeparated(words: readonly string[]): string[][] {
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

/** Where one is renamed away and another takes its name, the name has other rows. */
function renamedBy(words: readonly string[], current: string): Alteration[] {
  const pairs = commaSeparated(words).map((pair) => {
    const to = pair.findIndex((word) => word.toUpperCase() === 'TO')
    return [nameAt(pair, 0, current), nameAt(pair, to + 1, current)] as const
  })
  const isTaken = (name: TableName) => pairs.some(([, to]) => to.database === name.database && to.table === name.table)
  return pairs.flatMap(([from, to]) => [
    ...(isTaken(from) ? [] : [{ ...from, effect: 'empties' } as const]),
    { ...to, effect: 'replaces' } as const,
  ])
}

function alteredBy(words: readonly string[], at: number, current: string): Alteration[] {
  const name = nameAt(words, at, current)
  const clauses = commaSeparated(words.slice(at + (words[at + 1] === '.' ? 3 : 1)))
  const renamed = clauses.find(
    ([verb = '', word = '']) => /^RENAME$/i.test(verb) && !/^(COLUMN|INDEX|KEY)$/i.test(word),
  )
  if (renamed) {
    const to = nameAt(renamed, /^(TO|AS)$/i.test(renamed[1] ?? '') ? 2 : 1, current)
    return renamedBy([quoted(name), 'TO', quoted(to)].flatMap(tokens), current)
  }
  const texts = clauses.map((clause) => clause.join(' '))
  if (texts.some((text) => TAKES_ROWS.test(text))) return [{ ...name, effect: 'replaces' }]
  return texts.every(leavesRows) ? [] : [{ ...name, effect: 'rewrites' }]
}

const quoted = ({ database, table }: TableName) =>
  [database, table].map((name) => `\`${name.replaceAll('`', '``')}\``).join('.')

const TAKES_ROWS = /^(DROP|TRUNCATE|EXCHANGE)\s+(PARTITION|SUBPARTITION)\b|^(DISCARD|IMPORT)\s/i
const ABOUT_KEYS =
  /^(ADD|DROP|RENAME|ALTER)\s+(UNIQUE|FULLTEXT|SPATIAL|INDEX|KEY|PRIMARY|CONSTRAINT|FOREIGN|CHECK|PARTITION|SYSTEM|PERIOD)\b/i
const ABOUT_DEFAULTS = /^ALTER\s+(COLUMN\s+)?(?!INDEX\b)\S+\s+(SET|DROP)\s+DEFAULT\b/i
const ABOUT_STORAGE =
  /^(ENGINE|COMMENT|AUTO_INCREMENT|ROW_FORMAT|ALGORITHM|LOCK|ENABLE|DISABLE|FORCE|DEFAULT|CHARSET|CHARACTER|COLLATE|KEY_BLOCK_SIZE|STATS_\w+|MAX_ROWS|MIN_ROWS|AVG_ROW_LENGTH|CHECKSUM|PAGE_\w+|ENCRYPTE?D?\w*|PARTITION|REMOVE|REORGANIZE|COALESCE|REBUILD|ANALYZE|OPTIMIZE|REPAIR|ORDER|WAIT|NOWAIT|WITH|WITHOUT)\b/i
const ADDS_COLUMN = /^ADD\s/i
/** A column that is not NULL in the rows that are there already, or whose type the log does not tell. */
const FILLED =
  /\b(DEFAULT(?!\s+NULL\b)|NOT\s+NULL|AUTO_INCREMENT|SERIAL|AS\s*\(|GENERATED|PRIMARY|UUID|INET[46]|TIMESTAMP(?![^,]*\bNULL\b))/i

/** Whether a clause leaves the values of all rows as they were; a column that comes as NULL is one of no value. */
function leavesRows(clause: string): boolean {
  const said = clause.replace(/'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"/g, "''")
  if (said === '') return true
  if ([ABOUT_KEYS, ABOUT_DEFAULTS, ABOUT_STORAGE].some((known) => known.test(said))) return true
  return ADDS_COLUMN.test(said) && !FILLED.test(said)
}
