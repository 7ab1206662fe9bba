import { openWorkFolder, type Runtime, redact } from '@millrace/base'
import { openScan, openTable, planScan, type Snapshot } from '@millrace/delta'
import { filesOf, openDuckDB } from '@millrace/engine'
import {
  type Answer,
  type AnswerColumn,
  answerable,
  answerQuestions,
  chartHtml,
  duckdbQuestions,
  loadQuestions,
  type Questions,
  tablesOf,
} from '@millrace/queries'
import type { ObjectStore } from '@millrace/store'

/** Answers to the questions over the committed tables. */
export interface LiveAnswers {
  /** When the questions were asked, or undefined if none has been answered yet. */
  readonly at: number | undefined
  readonly tookMs: number
  /** Version of each table that was read. */
  readonly versions: Readonly<Record<string, number>>
  /** Tables that a question needs and that do not exist yet. */
  readonly lacks: readonly string[]
  /** Error of the last try, or undefined if it succeeded. */
  readonly failed: string | undefined
  readonly answers: readonly LiveAnswer[]
}

export interface LiveAnswer {
  readonly id: string
  readonly title: string
  /** Chart as HTML in which every text is escaped. */
  readonly chart: string
  readonly columns: readonly AnswerColumn[]
  /** The first `MOST_ROWS` rows. */
  readonly rows: readonly (readonly unknown[])[]
  readonly rowCount: number
}

const MOST_ROWS = 100
const AT_MOST_EVERY_MS = 30_000
/** Share of one core that the questions may use. Large tables take long, and the stream has priority. */
const SHARE = 1 / 50
const NOTHING: LiveAnswers = { at: undefined, tookMs: 0, versions: {}, lacks: [], failed: undefined, answers: [] }

export interface AnswersParts {
  readonly store: ObjectStore
  readonly questionFolders: readonly string[]
  /** Returns the name of a data set's table. */
  readonly tableOf: (dataset: string) => string
  readonly runtime: Runtime
}

/** Returns a function that answers the questions. It repeats its last answers until enough time and a commit have passed. */
export function createLiveAnswers(parts: AnswersParts): () => Promise<LiveAnswers> {
  const { runtime } = parts
  let [dueAt, last] = [Number.NEGATIVE_INFINITY, Promise.resolve(NOTHING)]
  return () => {
    const begun = runtime.monotonic()
    if (begun < dueAt) return last
    dueAt = Number.POSITIVE_INFINITY
    last = last.then(async (before) => {
      const found = await ask(parts, before).catch((error) => ({ ...before, failed: redact(String(error.message)) }))
      const now = runtime.monotonic()
      dueAt = now + Math.max(AT_MOST_EVERY_MS, (now - begun) / SHARE)
      return found
    })
    return last
  }
}

async function ask(parts: AnswersParts, before: LiveAnswers): Promise<LiveAnswers> {
  const { store, questionFolders, tableOf, runtime } = parts
  const begun = runtime.monotonic()
  const all = await loadQuestions(questionFolders)
  const snapshots = new Map<string, Snapshot>()
  for (const name of new Set(all.questions.flatMap((question) => tablesOf(question, all.views)))) {
    const snapshot = await openTable({ store, path: tableOf(name) })
    if (snapshot) snapshots.set(name, snapshot)
  }
  const { asked, lacks } = answerable(all, (name) => snapshots.has(name))
  if (asked.questions.length === 0) return { ...NOTHING, lacks }
  const versions = Object.fromEntries([...snapshots].map(([name, { version }]) => [name, version]))
  const isSame = [...snapshots.keys()].every((table) => versions[table] === before.versions[table])
  if (isSame) return { ...before, failed: undefined }
  const answers = (await answersOf(asked, snapshots, store)).map(shown)
  return { at: runtime.now(), tookMs: runtime.monotonic() - begun, versions, lacks, failed: undefined, answers }
}

function shown(answer: Answer): LiveAnswer {
  const { question, columns, rows } = answer
  const { id, title } = question
  return { id, title, chart: chartHtml(answer).markup, columns, rows: rows.slice(0, MOST_ROWS), rowCount: rows.length }
}

async function answersOf(
  questions: Questions,
  snapshots: ReadonlyMap<string, Snapshot>,
  store: ObjectStore,
): Promise<Answer[]> {
  await using held = new AsyncDisposableStack()
  const folder = await openWorkFolder()
  held.defer(folder.close)
  const engine = await openDuckDB({
    files: filesOf(store),
    threads: 1,
    memoryLimit: '64MB',
    temporaryFolder: folder.path,
  })
  held.defer(engine.close)
  const connection = await engine.connect()
  const sql: Record<string, string> = {}
  for (const [name, snapshot] of snapshots) sql[name] = held.use(await openScan(planScan(snapshot), connection)).sql
  return await answerQuestions(await duckdbQuestions([connection], sql), questions)
}
