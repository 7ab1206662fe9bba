import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Benchmark } from './contract.ts'

export interface Contestant {
  /** The file's name without its endings. */
  readonly name: string
  readonly path: string
  /** What it is: the first line of the file, a comment. */
  readonly about: string
}

export const BENCH = fileURLToPath(new URL('..', import.meta.url))

export function benchmarkNames(folder = BENCH): string[] {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'benchmark.ts')))
    .sort()
}

export async function loadBenchmark(name: string, folder = BENCH): Promise<Benchmark> {
  const { benchmark } = await import(pathToFileURL(join(folder, name, 'benchmark.ts')).href)
  return benchmark as Benchmark
}

export function contestantsOf(name: string, folder = BENCH): Contestant[] {
  const place = join(folder, name, 'contestants')
  return readdirSync(place)
    .filter((file) => /\.(ts|py|java)$/.test(file))
    .sort()
    .map((file) => {
      const path = join(place, file)
      const [first = ''] = readFileSync(path, 'utf8').split('\n', 1)
      return { name: file.replace(/\..*$/, ''), path, about: first.replace(/^(\/\/|#)\s*/, '') }
    })
}
