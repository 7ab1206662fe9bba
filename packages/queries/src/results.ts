import { MillraceError } from '@millrace/base'
import { openTable, planScan, type Snapshot, withScan } from '@millrace/delta'
import { filesOf, openDuckDB } from '@millrace/engine'
import type { ObjectStore } from '@millrace/store'
import { type Answer, readAnswer } from './answers.ts'
import { type TableQuality, tableQuality } from './quality.ts'
import type { Questions, View } from './questions.ts'
import { BATCH, type RunRecord, readRuns } from './runs.ts'

/** Content of the report of a run. */
export interface RunResults {
  readonly run: RunRecord
  readonly answers: readonly Answer[]
  /** Views that the questions use. */
  readonly views: readonly View[]
  readonly quality: readonly TableQuality[]
}

/** Reads the results of the last finished run, or of the last one of a date. */
export async function readResults(store: ObjectStore, questions: Questions, date?: string): Promise<RunResults> {
  const run = (await readRuns(store)).find((candidate) => date === undefined || candidate.date === date)
  if (!run) {
    const what = date === undefined ? 'no run' : `no run of ${date}`
    throw new MillraceError('TABLE_NOT_FOUND', `${store.url} has ${what} that is finished`, {
      next: 'Make one with `millrace batch`; `millrace runs` lists them.',
    })
  }
  const answers = await answersOf(store, run, questions)
  return { run, answers, views: questions.views, quality: await qualityOf(store, run) }
}

async function answersOf(store: ObjectStore, run: RunRecord, { questions }: Questions): Promise<Answer[]> {
  const engine = await openDuckDB({ files: filesOf(store), threads: 1 })
  try {
    const connection = await engine.connect()
    const answers: Answer[] = []
    for (const question of questions) {
      const snapshot = await tableOf(store, run, question.id)
      if (!snapshot) continue
      const rows = await withScan(planScan(snapshot), connection, (scan) =>
        readAnswer(connection, `FROM (${scan}) ${question.order}`),
      )
      answers.push({ question, ...rows })
    }
    return answers
  } finally {
    engine.close()
  }
}

async function qualityOf(store: ObjectStore, run: RunRecord): Promise<TableQuality[]> {
  const qualities: TableQuality[] = []
  for (const account of run.tables) {
    const snapshot = await tableOf(store, run, account.table)
    if (snapshot) qualities.push(tableQuality(snapshot, account))
  }
  return qualities
}

async function tableOf(store: ObjectStore, run: RunRecord, name: string): Promise<Snapshot | undefined> {
  const path = `${BATCH}/${name}`
  const version = run.versions[path]
  return version === undefined ? undefined : openTable({ store, path }, version)
}
