import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MillraceError } from '@millrace/base'
import { datasetFolder, loadDataset } from '@millrace/transform'
import type { Page } from './page.ts'
import { plausibleGenerator } from './plausible.ts'

/** Makes records of one data set. */
export interface RecordGenerator {
  /** Size of a typical record. */
  readonly usualBytes: number
  /** Appends the JSON of a record and ends it. The same number always gives the same record. */
  write(page: Page, record: number): void
}

/** Type of `createGenerator`, which `generator.ts` in the folder of a data set exports. */
export type CreateGenerator = (seed: number) => RecordGenerator

const FILES = ['generator.ts', 'generator.js']

/** Returns the generator that the data set brings along, else one that makes plausible records from its fields. */
export async function generatorFor(
  dataset: string,
  folders: readonly string[],
  seed: number,
): Promise<RecordGenerator> {
  const folder = datasetFolder(dataset, folders)
  const file = folder && FILES.map((name) => join(folder, name)).find(existsSync)
  if (file === undefined) return plausibleGenerator((await loadDataset(dataset, folders)).fields, seed)
  const module = await import(pathToFileURL(file).href)
  if (typeof module.createGenerator === 'function') return (module.createGenerator as CreateGenerator)(seed)
  throw new MillraceError('DATASET_INVALID', `${file} does not export a function createGenerator`)
}
