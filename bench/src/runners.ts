import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import type { Job } from './contract.ts'
import type { Contestant } from './listing.ts'
import type { Command } from './measure.ts'
import { installed } from './services.ts'

const PYTHON_ENV = { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' }

type Start = (path: string, job: string) => Promise<Command | { readonly unavailable: string }>

/** How a contestant starts, by the ending of its file. */
const RUNNERS: readonly (readonly [ending: string, start: Start])[] = [
  ['.ts', async (path, job) => ({ command: [process.execPath, path, job] })],
  ['.spark.py', sparkSubmit],
  ['.py', judgePython],
]

export function commandFor(contestant: Contestant, job: Job): ReturnType<Start> {
  const runner = RUNNERS.find(([ending]) => contestant.path.endsWith(ending))
  if (!runner) throw new Error(`${contestant.path}: nothing is known to run it`)
  return runner[1](contestant.path, JSON.stringify(job))
}

/** The Python that has delta-rs, polars and pyarrow. */
async function judgePython(path: string, job: string): ReturnType<Start> {
  const there = await installed('judge')
  if ('unavailable' in there) return there
  return { command: [join(there.home, 'venv', 'bin', 'python'), path, job], env: PYTHON_ENV }
}

/** Spark with Delta, by spark-submit so that its JVM is one of our processes. */
async function sparkSubmit(path: string, job: string): ReturnType<Start> {
  const there = await installed('spark')
  if ('unavailable' in there) return there
  const [home = ''] = await Array.fromAsync(glob(join(there.home, 'venv/lib/python3*/site-packages/pyspark')))
  const jars = await Array.fromAsync(glob(join(there.home, 'jars/*.jar')))
  const python = join(there.home, 'venv', 'bin', 'python')
  return {
    command: [join(home, 'bin/spark-submit'), '--jars', jars.join(','), path, job],
    env: { ...PYTHON_ENV, SPARK_HOME: home, PYSPARK_PYTHON: python },
  }
}
