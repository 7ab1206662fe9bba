/** Takes rows away: of partitions, of a file, or all, where the engine keeps none. */
const TAKES_ROWS =
  /^(DROP|TRUNCATE|EXCHANGE|CONVERT)\s+(PARTITION|SUBPARTITION)\b|^CONVERT\s+TABLE\b|^(DISCARD|IMPORT)\s|\bENGINE\s*=?\s*BLACKHOLE\b/i
const ABOUT_KEYS =
  /^(ADD|DROP|RENAME|ALTER)\s+(UNIQUE|FULLTEXT|SPATIAL|INDEX|KEY|CONSTRAINT(?!.*\bPRIMARY\b)|FOREIGN|CHECK|PARTITION|SYSTEM|PERIOD)\b/i
const ABOUT_DEFAULTS = /^ALTER\s+(COLUMN\s+)?(?!INDEX\b)\S+\s+(SET|DROP)\s+DEFAULT\b/i
const ABOUT_STORAGE =
  /^(ENGINE|COMMENT|AUTO_INCREMENT|ROW_FORMAT|ALGORITHM|LOCK|ENABLE|DISABLE|FORCE|DEFAULT|CHARSET|CHARACTER|COLLATE|KEY_BLOCK_SIZE|STATS_\w+|MAX_ROWS|MIN_ROWS|AVG_ROW_LENGTH|CHECKSUM|PAGE_\w+|ENCRYPTE?D?\w*|PARTITION|REMOVE|REORGANIZE|COALESCE|REBUILD|ANALYZE|OPTIMIZE|REPAIR|ORDER|WITH|WITHOUT)\b/i
const ADDS_COLUMN = /^ADD\s/i
/** A column that is not NULL in the rows that are there already, or whose type the log does not tell. */
const FILLED =
  /\b(DEFAULT(?!\s+NULL\b)|NOT\s+NULL|AUTO_INCREMENT|SERIAL|AS\s*\(|GENERATED|PRIMARY|UUID|INET[46]|TIMESTAMP(?![^,]*\bNULL\b))/i

/** Returns what the clauses of an ALTER TABLE do to the rows of its table; undefined: nothing. */
export function effectsOfClauses(clauses: readonly string[]): 'replaces' | 'rewrites' | undefined {
  const said = clauses.map(withoutTexts)
  if (said.some((clause) => TAKES_ROWS.test(clause))) return 'replaces'
  return said.every(leavesRows) ? undefined : 'rewrites'
}

function withoutTexts(clause: string): string {
  return clause.replace(/'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"/g, "''")
}

/** Whether a clause leaves the values and the keys of all rows as they were; a column that comes as NULL is one of no value. */
function leavesRows(said: string): boolean {
  if (said === '') return true
  if ([ABOUT_KEYS, ABOUT_DEFAULTS, ABOUT_STORAGE].some((known) => known.test(said))) return true
  return ADDS_COLUMN.test(said) && !FILLED.test(said)
}
