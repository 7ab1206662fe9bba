import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MillraceError } from '@millrace/base'
import type { DataType, StructType } from '@millrace/lake'
import { z } from 'zod'

const FieldType = z.enum(['text', 'integer', 'long', 'double', 'boolean', 'timestamp'])

const Description = z.strictObject({
  description: z.string(),
  fields: z.record(z.string(), z.strictObject({ type: FieldType, aliases: z.array(z.string()).default([]) })),
  columns: z.record(z.string(), z.strictObject({ type: z.unknown(), comment: z.string().optional() })),
})

export type FieldType = z.infer<typeof FieldType>

/** What comes in under one name, with the other names that it is known by. */
export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly aliases: readonly string[]
}

/** A folder: dataset.json says what comes in and goes out, clean.sql turns the one into the other. */
export interface Dataset {
  readonly name: string
  readonly description: string
  readonly fields: readonly Field[]
  readonly schema: StructType
  /** A SELECT from `raw`, which has the fields under their names. */
  readonly sql: string
}

const BUILT_IN = fileURLToPath(new URL('../datasets', import.meta.url))

export async function datasetNames(): Promise<string[]> {
  return (await readdir(BUILT_IN)).sort()
}

export async function loadDataset(name: string): Promise<Dataset> {
  const folder = join(BUILT_IN, name)
  if (!existsSync(join(folder, 'dataset.json'))) {
    const known = (await datasetNames()).join(', ')
    throw new MillraceError('DATASET_UNKNOWN', `there is no data set ${name}; there are ${known}`)
  }
  return readDataset(name, folder)
}

async function readDataset(name: string, folder: string): Promise<Dataset> {
  const [text, sql] = await Promise.all([
    readFile(join(folder, 'dataset.json'), 'utf8'),
    readFile(join(folder, 'clean.sql'), 'utf8'),
  ])
  const parsed = Description.safeParse(JSON.parse(text))
  if (!parsed.success) {
    throw new MillraceError('DATASET_INVALID', `${folder}/dataset.json: ${z.prettifyError(parsed.error)}`)
  }
  const { description, fields, columns } = parsed.data
  return {
    name,
    description,
    fields: Object.entries(fields).map(([field, { type, aliases }]) => ({ name: field, type, aliases })),
    schema: { type: 'struct', fields: Object.entries(columns).map(([column, of]) => structField(column, of)) },
    sql: sql.trim(),
  }
}

function structField(name: string, column: { type?: unknown; comment?: string | undefined }) {
  const metadata = column.comment === undefined ? {} : { comment: column.comment }
  return { name, type: column.type as DataType, nullable: true, metadata }
}
