import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** Its SQL is read as files: nothing of ours is loaded by who measures DuckDB alone. */
const EXAMPLE = fileURLToPath(new URL('../../examples/pinterest', import.meta.url))

const text = (path: string) => readFile(`${EXAMPLE}/${path}`, 'utf8')

interface RawDataset {
  readonly fields: readonly (readonly [name: string, type: string])[]
  readonly sql: string
}

export async function rawDataset(name: string): Promise<RawDataset> {
  const { fields } = JSON.parse(await text(`datasets/${name}/dataset.json`)) as {
    fields: Record<string, { type: string }>
  }
  return {
    fields: Object.entries(fields).map(([field, { type }]) => [field, type] as const),
    sql: await text(`datasets/${name}/clean.sql`),
  }
}

interface RawQuestion {
  readonly id: string
  readonly sql: string
  readonly isView: boolean
}

/** The views, and the questions with their parameters in their SQL. */
export async function rawQuestions(): Promise<{ views: RawQuestion[]; questions: RawQuestion[] }> {
  const files = (await readdir(`${EXAMPLE}/questions`)).filter((file) => file.endsWith('.sql')).sort()
  const all = await Promise.all(files.map((file) => rawQuestion(file.slice(0, -'.sql'.length))))
  return { views: all.filter(({ isView }) => isView), questions: all.filter(({ isView }) => !isView) }
}

async function rawQuestion(id: string): Promise<RawQuestion> {
  const description = JSON.parse(await text(`questions/${id}.json`)) as {
    view?: string
    parameters?: Record<string, number>
  }
  const sql = (await text(`questions/${id}.sql`)).trim()
  const filled = sql.replace(/\$([a-z_]+)/g, (whole, key: string) => String(description.parameters?.[key] ?? whole))
  return { id, sql: filled, isView: description.view !== undefined }
}
