import { readdir, readFile } from 'node:fs/promises'
import { PINTEREST } from '@millrace/testkit'
import { expect, test } from 'vitest'

const DATASETS = PINTEREST.datasets

/** What DuckDB and Trino both have, as docs/example.md lists it. */
const SHARED = ['coalesce', 'concat_ws', 'lower', 'nullif', 'regexp_extract', 'replace', 'substr', 'trim', 'try_cast']

/** What stands before a parenthesis and is no function. */
const KEYWORDS = ['as', 'in', 'then']

for (const name of await readdir(DATASETS)) {
  test(`${name} is cleaned by functions that Trino has under the same names`, async () => {
    const sql = await readFile(`${DATASETS}/${name}/clean.sql`, 'utf8')
    const bare = sql.replace(/--.*/g, '').replace(/'([^']|'')*'/g, "''")
    const called = [...bare.matchAll(/(\w+)\s*\(/g)].map(([, word = '']) => word.toLowerCase())
    expect(called.filter((word) => !SHARED.includes(word) && !KEYWORDS.includes(word))).toEqual([])
    // DuckDB's own notation: casts by two colons, lists without ARRAY, lambdas, its additions to SELECT *.
    expect(bare).not.toMatch(/::|->|\b(EXCLUDE|COLUMNS|QUALIFY|lambda)\b|(?<!ARRAY)\[/i)
  })
}
