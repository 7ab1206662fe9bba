import { cp } from 'node:fs/promises'
import { basename, extname, join, resolve } from 'node:path'
import { inspect } from 'node:util'
import { MillraceError } from '@millrace/base'
import packageJson from '../../package.json' with { type: 'json' }
import { readOwnConfig } from '../settings/config-file.ts'
import { manifestText, packageName, refuseFilled, writeFiles } from './folder.ts'
import type { PackageManager } from './package-manager.ts'
import { projectFiles, SCRIPTS } from './project-files.ts'
import { starterFiles } from './starter.ts'

/** What the project begins with. */
export type Beginning = { readonly example: string } | { readonly dataset: string }

export const EXAMPLES = ['pinterest'] as const

/** Makes a project in a folder that is empty or not there. */
export async function initProject(folder: string, beginning: Beginning, manager: PackageManager): Promise<void> {
  await refuseFilled(folder)
  const title = basename(resolve(folder))
  if ('example' in beginning) {
    const settings = await copyExample(folder)
    const about = `The example \`${beginning.example}\`: its data sets, and its questions about them.`
    await writeFiles(folder, projectFiles({ title, about, settings }, manager))
  } else {
    refuseOddName(beginning.dataset)
    const about = `A data set, \`${beginning.dataset}\`, and a question about it, \`revenue\`.`
    await writeFiles(folder, { ...projectFiles({ title, about }, manager), ...starterFiles(beginning.dataset) })
  }
  const manifest = await manifestText(folder, {
    name: packageName(folder),
    private: true,
    type: 'module',
    scripts: SCRIPTS,
    dependencies: { millrace: `^${packageJson.version}` },
  })
  await writeFiles(folder, { 'package.json': manifest })
}

function refuseOddName(name: string): void {
  if (/^[A-Za-z0-9_][A-Za-z0-9_-]*$/.test(name)) return
  throw new MillraceError('USAGE', `--dataset takes a name of letters, digits, _ and -, not ${JSON.stringify(name)}`)
}

/**
 * Copies the data sets and questions that come with the package, and returns the lines of its other settings. What is
 * not built is code of the workspace.
 */
async function copyExample(folder: string): Promise<string> {
  const { datasets: _, datasetFolders, questionFolders, ...others } = await readOwnConfig()
  const [datasets, questions] = [datasetFolders, questionFolders].map((value) => String([value].flat()[0]))
  const options = { recursive: true, filter: (path: string) => extname(path) !== '.ts' }
  await cp(String(datasets), join(folder, 'datasets'), options)
  await cp(String(questions), join(folder, 'questions'), options)
  return Object.entries(others)
    .map(([name, value]) => `  ${name}: ${inspect(value, { breakLength: Number.POSITIVE_INFINITY })},\n`)
    .join('')
}
