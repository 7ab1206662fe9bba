import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type JoinedValues, MillraceError, type Runtime } from '@millrace/base'
import type { Dataset } from './dataset.ts'
import { rawQuery } from './raw.ts'

/**
 * Hands `use` a SELECT that gives the blocks' clean rows, valid until `use` settles. Rows out must equal
 * values in: joined JSON can otherwise gain or lose records in silence.
 */
export async function withCleanRows<T extends { readonly rows: bigint }>(
  dataset: Dataset,
  blocks: readonly JoinedValues[],
  folder: string,
  runtime: Runtime,
  use: (query: string) => Promise<T>,
): Promise<T> {
  const values = blocks.reduce((sum, { count }) => sum + count, 0)
  const file = join(folder, `${runtime.uuid()}.jsonl`)
  try {
    await writeBlocks(file, blocks)
    const result = await use(`WITH raw AS (${rawQuery(dataset, file)}) ${dataset.sql}`)
    if (result.rows !== BigInt(values)) {
      throw new MillraceError('RECORD_INVALID', `${dataset.name}: ${values} messages gave ${result.rows} rows`)
    }
    return result
  } finally {
    await rm(file, { force: true })
  }
}

async function writeBlocks(path: string, blocks: readonly JoinedValues[]): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writev(blocks.map(({ bytes }) => bytes))
  } finally {
    await file.close()
  }
}
