import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { InputMaker } from './contract.ts'

/** Written last: a folder without it is half made, and is made anew. */
const MARKER = '.made'

/** Inputs by their parameters under `cache`. With `fresh`, each is made once more. */
export function inputMaker(cache: string, fresh: boolean, say: (text: string) => void): InputMaker {
  const made = new Set<string>()
  return async (kind, parameters, make) => {
    const key = createHash('sha256').update(JSON.stringify(parameters)).digest('hex').slice(0, 8)
    const folder = join(cache, `${kind}-${key}`)
    const marker = join(folder, MARKER)
    if (existsSync(marker) && (!fresh || made.has(folder))) return folder
    const told = Object.entries(parameters).map(([name, value]) => `${name} ${value}`)
    say(`making ${kind} (${told.join(', ')})`)
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    await make(folder)
    await writeFile(marker, JSON.stringify(parameters))
    made.add(folder)
    return folder
  }
}
