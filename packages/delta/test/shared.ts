import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** A folder of facts beside the project: $MILLRACE_SHARED, then ../shared. Undefined where there is none. */
export function sharedFolder(name: string): string | undefined {
  const repository = resolve(import.meta.dirname, '../../..')
  const folder = join(process.env.MILLRACE_SHARED ?? join(repository, '../shared'), name)
  return existsSync(folder) ? folder : undefined
}
