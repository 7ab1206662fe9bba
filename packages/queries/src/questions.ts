import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MillraceError } from '@millrace/base'
import { z } from 'zod'

const CHART_KINDS = ['countries', 'lines', 'bars'] as const

const Chart = z.strictObject({
  kind: z.enum(CHART_KINDS),
  x: z.string().min(1),
  y: z.string().min(1),
  series: z.string().min(1).optional(),
})

/** Chart of an answer: its kind, and the columns for the x axis, the y axis and the series. */
export type Chart = Readonly<z.output<typeof Chart>>

const Reads = z.array(z.string().min(1)).min(1, 'names no table')

const Description = z.strictObject({
  title: z.string().min(1),
  chart: Chart,
  parameters: z.record(z.string().regex(/^[a-z_]+$/), z.int()).default({}),
  reads: Reads,
})

const ViewDescription = z.strictObject({ view: z.string().min(1), reads: Reads })

/** Question of a question folder: `<id>.sql` is its query over tables and views, `<id>.json` describes it. */
export interface Question {
  /** Name of the question's files and of the answer's table and files. */
  readonly id: string
  readonly title: string
  readonly chart: Chart
  /** Whole numbers that replace `$name` in the SQL. */
  readonly parameters: Readonly<Record<string, number>>
  /** Tables of data sets, and views of the same folders. */
  readonly reads: readonly string[]
  /** SQL with the parameters filled in. */
  readonly sql: string
  /** Last line of the SQL, `ORDER BY …`. */
  readonly order: string
}

/** SELECT over tables of data sets that several questions use. It is computed once for all of them. */
export interface View {
  readonly name: string
  readonly reads: readonly string[]
  readonly sql: string
}

export interface Questions {
  readonly views: readonly View[]
  readonly questions: readonly Question[]
}

/** Loads all questions and views of these folders, sorted by name. The first folder that has a name wins. */
export async function loadQuestions(folders: readonly string[]): Promise<Questions> {
  const found = new Map<string, string>()
  for (const folder of folders) {
    for (const id of await idsIn(folder)) if (!found.has(id)) found.set(id, folder)
  }
  const views: View[] = []
  const questions: Question[] = []
  for (const [id, folder] of [...found].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const file = (ending: string) => read(join(folder, `${id}.${ending}`))
    const [json, sql] = await Promise.all([file('json'), file('sql')])
    const description = parseJson(id, json)
    if (isView(description)) views.push(parseView(id, description, sql))
    else questions.push(parseQuestion(id, description, sql))
  }
  return { views, questions }
}

async function idsIn(folder: string): Promise<string[]> {
  if (!existsSync(folder)) {
    throw new MillraceError('CONFIG_INVALID', `there is no question folder ${folder}`, {
      next: 'Correct the setting of the question folders.',
    })
  }
  return (await readdir(folder)).filter((file) => file.endsWith('.sql')).map((file) => file.slice(0, -'.sql'.length))
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new MillraceError('QUERY_FAILED', `${file} can't be read`, {
      cause,
      next: 'A question needs two files: NAME.sql with its query and NAME.json with its description.',
    })
  }
}

function isView(description: unknown): boolean {
  return typeof description === 'object' && description !== null && 'view' in description
}

function parseView(name: string, description: unknown, text: string): View {
  return { name, reads: checked(name, ViewDescription, description).reads, sql: text.trim() }
}

export function parseQuestion(id: string, description: unknown, text: string): Question {
  const { title, chart, parameters, reads } = checked(id, Description, description)
  const sql = text.trim()
  const order = sql.split('\n').at(-1) ?? ''
  if (!order.startsWith('ORDER BY ')) throw invalid(id, 'the last line of its SQL is not an ORDER BY')
  return { id, title, chart, parameters, reads, sql: filledIn(id, sql, parameters), order }
}

function parseJson(id: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalid(id, `${id}.json is not JSON`)
  }
}

function checked<T>(id: string, schema: z.ZodType<T>, json: unknown): T {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  throw invalid(id, `${id}.json: ${z.prettifyError(parsed.error)}`)
}

function filledIn(id: string, sql: string, parameters: Readonly<Record<string, number>>): string {
  return sql.replace(/\$([a-z_]+)/g, (_, name: string) => {
    const value = parameters[name]
    if (value === undefined) throw invalid(id, `there is no parameter ${name}`)
    return String(value)
  })
}

/** Returns the tables of data sets that a question needs, directly or by a view. */
export function tablesOf({ reads }: Pick<Question, 'reads'>, views: readonly View[]): string[] {
  return [...new Set(reads.flatMap((name) => views.find((view) => view.name === name)?.reads ?? [name]))]
}

/** Returns the question as one statement over tables of data sets, with its views in a WITH clause. */
export function wholeSql({ sql, reads }: Question, views: readonly View[]): string {
  const parts = views.filter(({ name }) => reads.includes(name)).map((view) => `${view.name} AS (\n${view.sql}\n)`)
  if (parts.length === 0) return sql
  const shared = parts.join(', ')
  return sql.startsWith('WITH ') ? `WITH ${shared}, ${sql.slice('WITH '.length)}` : `WITH ${shared}\n${sql}`
}

function invalid(id: string, what: string): MillraceError {
  return new MillraceError('QUERY_FAILED', `question ${id}: ${what}`, { next: 'Correct its files.' })
}
