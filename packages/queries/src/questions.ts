import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MillraceError } from '@millrace/base'

/** How an answer is best shown: which column goes along, which up, and what tells the marks apart. */
export interface Chart {
  readonly kind: ChartKind
  readonly x: string
  readonly y: string
  readonly series?: string
}

const CHART_KINDS = ['countries', 'lines', 'bars'] as const

type ChartKind = (typeof CHART_KINDS)[number]

/** A file of the folder `questions`: its header says what it asks, its SQL asks it of `posts` and the tables. */
export interface Question {
  /** The file's name; the answer's table and files are called so. */
  readonly id: string
  readonly title: string
  readonly chart: Chart
  /** Whole numbers that stand in the SQL as `$name`. */
  readonly parameters: Readonly<Record<string, number>>
  /** With the parameters filled in, without the header. */
  readonly sql: string
  /** Its last line, `ORDER BY …`: how the answer's rows follow one another. */
  readonly order: string
}

const FOLDER = fileURLToPath(new URL('../questions', import.meta.url))

/** What most questions are asked of: a SELECT over `pin`, `geo` and `"user"`. No question of its own. */
const POSTS = 'posts.sql'

export async function postsSql(): Promise<string> {
  return (await readFile(join(FOLDER, POSTS), 'utf8')).trim()
}

/** Every question there is, in the order of their ids. */
export async function loadQuestions(): Promise<Question[]> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.sql') && file !== POSTS)
  return Promise.all(
    files
      .sort()
      .map(async (file) => parseQuestion(file.slice(0, -'.sql'.length), await readFile(join(FOLDER, file), 'utf8'))),
  )
}

/** The question as one statement over `pin`, `geo` and `"user"`: for people, and for engines that keep nothing. */
export function wholeSql({ sql }: Question, posts: string): string {
  if (!/\bFROM posts\b/.test(sql)) return sql
  const shared = `posts AS (\n${posts}\n)`
  return sql.startsWith('WITH ') ? `WITH ${shared}, ${sql.slice('WITH '.length)}` : `WITH ${shared}\n${sql}`
}

const HEADER_LINE = /^-- (title|chart|parameter (\w+)): (.+)$/

export function parseQuestion(id: string, text: string): Question {
  const lines = text.trim().split('\n')
  const header = lines.map((line) => HEADER_LINE.exec(line)).filter((match) => match !== null)
  const said = (key: string) => {
    const value = header.find(([, name]) => name === key)?.[3]
    if (value === undefined) throw invalid(id, `its header lacks "-- ${key}: …"`)
    return value
  }
  const parameters = Object.fromEntries(
    header.flatMap(([, , name, value]) => (name === undefined ? [] : [[name, parameterValue(id, name, value)]])),
  )
  const sql = filledIn(id, lines.filter((line) => !HEADER_LINE.test(line)).join('\n'), parameters)
  const order = lines.at(-1) ?? ''
  if (!order.startsWith('ORDER BY ')) throw invalid(id, 'its last line is no ORDER BY')
  return { id, title: said('title'), chart: parseChart(id, said('chart')), parameters, sql, order }
}

function parameterValue(id: string, name: string, text: string | undefined): number {
  const value = Number(text)
  if (Number.isSafeInteger(value)) return value
  throw invalid(id, `parameter ${name} is ${text}, and no whole number`)
}

function filledIn(id: string, sql: string, parameters: Readonly<Record<string, number>>): string {
  return sql.replace(/\$([a-z_]+)/g, (_, name: string) => {
    const value = parameters[name]
    if (value === undefined) throw invalid(id, `there is no parameter ${name}`)
    return String(value)
  })
}

/** `lines x=post_year y=category_count series=category` */
function parseChart(id: string, text: string): Chart {
  const [word, ...pairs] = text.split(/\s+/)
  const kind = CHART_KINDS.find((known) => known === word)
  const { x, y, series } = Object.fromEntries(pairs.map((pair) => pair.split('=', 2)))
  if (kind && x && y) return { kind, x, y, ...(series ? { series } : {}) }
  throw invalid(id, `its chart is not like "${CHART_KINDS.join('|')} x=COLUMN y=COLUMN [series=COLUMN]"`)
}

function invalid(id: string, what: string): MillraceError {
  return new MillraceError('QUERY_FAILED', `question ${id}: ${what}`, { next: 'Mend its file.' })
}
