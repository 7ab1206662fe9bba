import { MillraceError } from '@millrace/base'
import { loadQuestions } from '@millrace/queries'
import { datasetNames } from '@millrace/transform'
import { testDataset } from './dataset-fixtures.ts'
import { testQuestions } from './question-fixtures.ts'
import type { TestedKind, TestResult } from './result.ts'

export interface TestPlan {
  readonly datasets: readonly string[]
  readonly datasetFolders: readonly string[]
  readonly questionFolders: readonly string[]
  /** Names of data sets, questions and views; all of them where none is named. */
  readonly only: readonly string[]
  /** Writes what came as what is expected from now on. */
  readonly update: boolean
}

/** What of it is to be run: all, or some data sets, and the questions or not. */
export type Part = 'all' | { readonly datasets: ReadonlySet<string>; readonly questions: boolean }

/** Runs the fixtures. What is broken fails by itself, and the others run all the same. */
export async function runTests(plan: TestPlan, part: Part = 'all'): Promise<TestResult[]> {
  const isWanted = (name: string) => plan.only.length === 0 || plan.only.includes(name)
  const results: TestResult[] = []
  const present = await datasetNames(plan.datasetFolders)
  const asked = part === 'all' ? (plan.only.length === 0 ? plan.datasets : present) : present
  for (const name of asked.filter((each) => isWanted(each) && (part === 'all' || part.datasets.has(each)))) {
    results.push(...(await orBroken('data set', name, () => testDataset(name, plan.datasetFolders, plan.update))))
  }
  if (part !== 'all' && !part.questions) return results
  return [...results, ...(await orBroken('question', 'files', () => testQuestions({ ...plan, isWanted })))]
}

async function orBroken(kind: TestedKind, name: string, run: () => Promise<TestResult[]>): Promise<TestResult[]> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    const problem = error.isNextSpecific ? `${error.message}\n${error.next}` : error.message
    return [{ kind, name, records: 0, differences: [], problem }]
  }
}

/** Refuses names that nothing has. */
export async function refuseUnknown({ only, datasetFolders, questionFolders }: TestPlan): Promise<void> {
  if (only.length === 0) return
  const { questions, views } = await loadQuestions(questionFolders)
  const names = [
    ...(await datasetNames(datasetFolders)),
    ...questions.map(({ id }) => id),
    ...views.map((view) => view.name),
  ]
  const stranger = only.find((name) => !names.includes(name))
  if (stranger === undefined) return
  throw new MillraceError('DATASET_UNKNOWN', `there is no data set, question or view ${stranger}`, {
    next: `Name one of ${names.join(', ')}.`,
  })
}
