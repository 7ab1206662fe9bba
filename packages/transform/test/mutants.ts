/** A SQL text with one rule changed. */
export interface Mutant {
  readonly what: string
  readonly sql: string
}

const TEXT = /'(?:[^']|'')*'/g
const NUMBER = /(?<![\w'"{,.[-])\d+(?![\w'"}\].-])/g
const ARM = /WHEN\s.+?\sTHEN\s.+?(?=\s+(?:WHEN|ELSE|END)\b)/gs
const OTHERWISE = /ELSE\s.+?(?=\s+END\b)/gs
const LISTED = /(?:'(?:[^']|'')*',\s*)+'(?:[^']|'')*'(?=\))/g

/** Every literal changed, every listed literal left out, every arm of a CASE dropped, every function call undone, every column swapped. */
export function mutants(commented: string): Mutant[] {
  const sql = commented.replaceAll(/--.*/g, '')
  return [
    ...replaceEach(sql, TEXT, (text) => [`'${text.slice(1, -1)}~'`, "''"]),
    ...replaceEach(sql, NUMBER, (number) => [String(Number(number) + 1)]),
    ...replaceEach(sql, ARM, (arm) => [arm.replace(/\sTHEN\s.+$/s, ' THEN NULL'), 'WHEN false THEN NULL']),
    ...replaceEach(sql, OTHERWISE, () => ['ELSE NULL']),
    ...replaceEach(sql, LISTED, (list) => (list.match(TEXT) ?? []).map((text) => list.replace(text, "'~'"))),
    ...replaceEach(sql, /\b(?:lower|trim)\(/g, () => ['(']),
    ...replaceEach(sql, /\[(\w+), (\w+)\]/g, (pair) => [pair.replace(/\[(\w+), (\w+)\]/, '[$2, $1]')]),
    ...replaceEach(sql, /nullif\(([^()]*), ''\)/g, (call) => [call.replace(/nullif\(([^()]*), ''\)/, '$1')]),
    ...replaceEach(sql, /replace\((.+), ',', ''\)/g, (call) => [call.replace(/replace\((.+), ',', ''\)/, '$1')]),
  ].filter((mutant) => mutant.sql !== sql)
}

function replaceEach(sql: string, pattern: RegExp, changes: (text: string) => readonly string[]): Mutant[] {
  return [...sql.matchAll(pattern)].flatMap((match) =>
    changes(match[0]).map((change) => ({
      what: `${match[0].replaceAll(/\s+/g, ' ')} → ${change.replaceAll(/\s+/g, ' ')}`,
      sql: sql.slice(0, match.index) + change + sql.slice(match.index + match[0].length),
    })),
  )
}
