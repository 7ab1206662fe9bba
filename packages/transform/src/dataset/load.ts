import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MillraceError } from '@millrace/base'
import type { FormatContext } from '@millrace/formats'
import type { Dataset } from './dataset.ts'
import { parseDescription } from './description.ts'

/** Returns the names of all data sets in these folders, sorted. */
export async function datasetNames(folders: readonly string[]): Promise<string[]> {
  const names = await Promise.all(folders.map(namesIn))
  return [...new Set(names.flat())].sort()
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => existsSync(join(folder, name, 'dataset.json')))
  } catch (cause) {
    throw new MillraceError('CONFIG_INVALID', `the data set folder ${folder} can't be read`, { cause })
  }
}

/** Returns the folder of a data set: it lies in the first of these folders that has it. */
export function datasetFolder(name: string, folders: readonly string[]): string | undefined {
  return folders.map((root) => join(root, name)).find((at) => existsSync(join(at, 'dataset.json')))
}

/**
 * Loads a data set from the first folder that has it. Who reads messages gives a context: a format that lacks something
 * is refused then.
 */
export async function loadDataset(name: string, folders: readonly string[], context?: FormatContext): Promise<Dataset> {
  const folder = datasetFolder(name, folders)
  if (folder === undefined) {
    const known = (await datasetNames(folders)).join(', ') || 'none'
    const where = folders.length === 0 ? 'no folder is configured' : `in ${folders.join(', ')} there are: ${known}`
    throw new MillraceError('DATASET_UNKNOWN', `there is no data set ${name}; ${where}`)
  }
  const [text, sql] = await Promise.all([read(join(folder, 'dataset.json')), read(join(folder, 'clean.sql'))])
  return { name, ...parseDescription(text, join(folder, 'dataset.json'), context), sql: sql.trim() }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new MillraceError('DATASET_INVALID', `${file} can't be read`, { cause })
  }
}
