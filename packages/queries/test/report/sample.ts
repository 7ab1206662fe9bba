import { appendFile, cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDuckDB } from '@millrace/engine'
import { PINTEREST } from '@millrace/testkit'
import { loadQuestions, type RunResults, renderReport } from '../../src/index.ts'
import { askOver } from '../kit.ts'

const FIXTURES = join(import.meta.dirname, '../fixtures/hand')

/** Texts that want to be more than text. */
export const HOSTILE = {
  category: '</td></table><script>document.title = "taken"</script><style>body { display: none }</style>',
  poster: `"><svg onload="document.title = 'taken'"><a href="javascript:alert(1)">&lt;b&gt;`,
  country: '<img src="https://example.org/x.png" onerror="alert(1)">\u0000\u202egnp.exe',
}

/** The report over the thirty posts of the hand-made fixture and one that is hostile; in a file of `folder`. */
export async function writeSample(folder: string): Promise<string> {
  await cp(FIXTURES, folder, { recursive: true })
  const { category, poster, country } = HOSTILE
  await addLine('pin', { ind: 999, category, poster_name: poster, follower_count: 99_999_999 })
  await addLine('geo', { ind: 999, country, timestamp: '2022-05-05T00:00:00Z' })
  await addLine('user', { ind: 999, user_name: '<b>', age: 50, date_joined: '2016-05-05T00:00:00Z' })
  const page = join(folder, 'report.html')
  await writeFile(page, await renderReport(await resultsOver(folder)))
  return page

  function addLine(name: string, row: object): Promise<void> {
    return appendFile(join(folder, `${name}.jsonl`), `${JSON.stringify(row)}\n`)
  }
}

async function resultsOver(folder: string): Promise<RunResults> {
  const file = (name: string) => join(folder, `${name}.jsonl`)
  const engine = await openDuckDB({ files: 'all' })
  const files = { pin: file('pin'), geo: file('geo'), user: file('user') }
  const answers = await askOver(await engine.connect(), files).finally(() => engine.close())
  const tables = [{ table: 'pin', records: 37, rows: 31, duplicates: 6, filtered: 0, rejected: 2 }]
  const moment = Date.parse('2026-01-31T04:30:00Z')
  return {
    run: {
      date: '2026-01-31',
      attempt: 1,
      started: moment,
      finished: moment + 2500,
      source: 's3://bucket/<raw>',
      versions: { 'batch/pin': 7 },
      tables,
      steps: [{ step: 'pin', seconds: 0.7 }],
    },
    answers,
    views: (await loadQuestions([PINTEREST.questions])).views,
    quality: tables.map((table) => ({ ...table, tableRows: 31, missing: { title: 4, 'a<b': 31, ind: 0 } })),
  }
}
