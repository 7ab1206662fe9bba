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

/** How an answer is best shown: which column goes along, which up, and what tells the marks apart. */
export type Chart = Readonly<z.output<typeof Chart>>

const Reads = z.array(z.string().min(1)).min(1, 'names no table')

const Description = z.strictObject({
  title: z.string().min(1),
  chart: Chart,
  parameters: z.record(z.string().regex(/^[a-z_]+$/), z.int()).default({}),
  reads: Reads,
})

const ViewDescription = z.strictObject({ view: z.string().min(1), reads: Reads })

/** Two files of a question folder: `<id>.sql` asks it of tables and views, `<id>.json` says what it asks. */
export interface Question {
  /** The files' name; the answer's table and files are called so. */
  readonly id: string
  readonly title: string
  readonly chart: Chart
  /** Whole numbers that stand in the SQL as `$name`. */
  readonly parameters: Readonly<Record<string, number>>
  /** Tables of data sets, and views of the same folders. */
  readonly reads: readonly string[]
  /** With the parameters filled in. */
  readonly sql: string
  /** The last line of the SQL, `ORDER BY …`: the order of the answer's rows. */
  readonly order: string
}

/** A SELECT over tables of data sets that questions share. It is worked out once for all of them. */
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
      next: 'Mend the setting of the question folders.',
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
      next: 'A question is two files: NAME.sql asks, NAME.json says what.',
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
  if (!order.startsWith('ORDER BY ')) throw invalid(id, 'the last line of its SQL is no ORDER BY')
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

/** Returns the question as one statement over tables of data sets, its views as parts of it. */
export function wholeSql({ sql, reads }: Question, views: readonly View[]): string {
  const parts = views.filter(({ name }) => reads.includes(name)).map((view) => `${view.name} AS (\n${view.sql}\n)`)
  if (parts.length === 0) return sql
  const shared = parts.join(', ')
  return sql.startsWith('WITH ') ? `WITH ${shared}, ${sql.slice('WITH '.length)}` : `WITH ${shared}\n${sql}`
}

function invalid(id: string, what: string): MillraceError {
  return new MillraceError('QUERY_FAILED', `question ${id}: ${what}`, { next: 'Mend its files.' })
}
