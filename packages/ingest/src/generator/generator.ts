import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MillraceError } from '@millrace/base'
import { datasetFolder, loadDataset } from '@millrace/transform'
import { plausibleGenerator } from './plausible.ts'
import { type CreateRecord, generatorOf, type RecordGenerator } from './record-generator.ts'

/** Type of `createGenerator`, which `generator.ts` in the folder of a data set exports. */
export type CreateGenerator = (seed: number) => RecordGenerator

/** Type of `createRecords`, which `generator.ts` may export instead: simpler, and slower. */
export type CreateRecords = (seed: number) => CreateRecord

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
  if (typeof module.createRecords === 'function') return generatorOf((module.createRecords as CreateRecords)(seed))
  throw new MillraceError('DATASET_INVALID', `${file} exports neither createRecords nor createGenerator, a function`)
}
