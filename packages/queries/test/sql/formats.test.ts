import { describe, expect, it } from 'vitest'
import { openWritten } from './written.ts'

const written = openWritten()

const ROWS = `SELECT * FROM (VALUES (1, 'it''s, "so"', NULL), (2, '', [1, 2]), (3, E'two\\nlines', [])) AS t(n, word, list) ORDER BY n`

describe('a result', () => {
  it('as JSON is one array of objects', async () => {
    expect(JSON.parse(String(await written('json', ROWS)))).toEqual([
      { n: 1, word: `it's, "so"`, list: null },
      { n: 2, word: '', list: [1, 2] },
      { n: 3, word: 'two\nlines', list: [] },
    ])
    expect(JSON.parse(String(await written('json', 'SELECT 1 WHERE false')))).toEqual([])
  })

  it('as CSV has a header, quotes what needs them, and tells an empty text from nothing', async () => {
    expect(String(await written('csv', ROWS))).toBe(
      'n,word,list\n1,"it\'s, ""so""",\n2,"","[1,2]"\n3,"two\nlines",[]\n',
    )
    expect(String(await written('csv', 'SELECT 1 AS a, 2 AS b WHERE false'))).toBe('a,b\n')
  })

  it.each([
    ['=1+1', "'=1+1"],
    ['+SUM(A1)', "'+SUM(A1)"],
    ['-2+3', "'-2+3"],
    ['@x', "'@x"],
    ['\t=1', "'\t=1"],
    ['\r=1', "'\\r=1"],
    ['＝1', "'＝1"],
    ['=a,"b"', `"'=a,""b"""`],
    ['-5', '-5'],
    ['+1.5e3', '+1.5e3'],
    ['a=b', 'a=b'],
    ['2\u001b[2J', '2\\u001b[2J'],
  ])('as safe CSV has %j as %j', async (text, cell) => {
    const name = `"${text.replaceAll('"', '""')}"`
    const csv = String(await written('safe csv', `SELECT '${text}' AS ${name}, -1.5 AS n`))
    expect(csv).toBe(`${cell},n\n${cell},-1.5\n`)
  })

  it('as Markdown is a table in which text stays text', async () => {
    const sql = "SELECT 1 AS n, 'a|b *c*' AS some_word UNION ALL SELECT 2, E'<x>\\ny' ORDER BY n"
    expect(String(await written('markdown', sql))).toBe(
      '| n | some\\_word |\n| ---: | --- |\n| 1 | a\\|b \\*c\\* |\n| 2 | \\<x\\> y |\n',
    )
  })

  it('has its rows in the order that was asked for, however many there are', async () => {
    const lines = String(await written('csv', 'SELECT range AS n FROM range(50000) ORDER BY n DESC'))
      .trim()
      .split('\n')
    expect(lines.slice(1).map(Number)).toEqual(Array.from({ length: 50_000 }, (_, i) => 49_999 - i))
  })
})
