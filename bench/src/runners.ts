import { glob } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Command, Job } from './contract.ts'
import { BENCH, type Contestant } from './listing.ts'
import { installed } from './services.ts'

/** Where Python finds contestant.py, and what contestants share. */
const PYTHON_PATH = [join(BENCH, 'src'), BENCH].join(delimiter)
const PYTHON_ENV = { PYTHONDONTWRITEBYTECODE: '1', PYTHONPATH: PYTHON_PATH }

/**
 * What is published is JavaScript, so types are not stripped in each run: the cache has the stripped code. Without it
 * the tool that strips them takes 20 MB of every process.
 */
const COMPILED = join(BENCH, '..', '.cache/bench/compiled')

type Start = (path: string, job: string) => Promise<Command | { readonly unavailable: string }>

/** How a contestant starts, by the ending of its file. */
const RUNNERS: readonly (readonly [ending: string, start: Start])[] = [
  ['.command.ts', async (path, job) => (await import(pathToFileURL(path).href)).command(JSON.parse(job))],
  ['.ts', async (path, job) => ({ command: [process.execPath, path, job], env: { NODE_COMPILE_CACHE: COMPILED } })],
  ['.submit.py', sparkSubmit],
  ['.peer.py', peerPython],
  ['.py', judgePython],
  ['.java', flinkProgram],
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

/** The Python that has deltalite. */
async function peerPython(path: string, job: string): ReturnType<Start> {
  const there = await installed('mergePeers')
  if ('unavailable' in there) return there
  return { command: [join(there.home, 'venv', 'bin', 'python'), path, job], env: PYTHON_ENV }
}

const SPARK_SETTINGS = {
  'spark.sql.extensions': 'io.delta.sql.DeltaSparkSessionExtension',
  'spark.sql.catalog.spark_catalog': 'org.apache.spark.sql.delta.catalog.DeltaCatalog',
  'spark.sql.session.timeZone': 'UTC',
  'spark.sql.parquet.compression.codec': 'zstd',
  'spark.hadoop.parquet.compression.codec.zstd.level': '1',
  'spark.databricks.delta.snapshotPartitions': '2',
  'spark.driver.host': '127.0.0.1',
  'spark.driver.bindAddress': '127.0.0.1',
  'spark.ui.enabled': 'false',
  'spark.log.level': 'ERROR',
}

/** Spark with Delta on all cores, by spark-submit so that its JVM is one of our processes. */
async function sparkSubmit(path: string, job: string): ReturnType<Start> {
  const there = await installed('spark')
  if ('unavailable' in there) return there
  const [home = ''] = await Array.fromAsync(glob(join(there.home, 'venv/lib/python3*/site-packages/pyspark')))
  const jars = await Array.fromAsync(glob(join(there.home, 'jars/*.jar')))
  const more = await moreJars(JSON.parse(job) as Job)
  const { JAVA17_HOME } = process.env
  return {
    command: [
      join(home, 'bin/spark-submit'),
      ...['--master', 'local[*]', '--driver-memory', '8g', '--jars', [...jars, ...more].join(',')],
      ...Object.entries(SPARK_SETTINGS).flatMap(([key, value]) => ['--conf', `${key}=${value}`]),
      path,
      job,
    ],
    env: {
      ...PYTHON_ENV,
      SPARK_HOME: home,
      PYSPARK_PYTHON: join(there.home, 'venv/bin/python'),
      ...(JAVA17_HOME && { JAVA_HOME: JAVA17_HOME }),
    },
  }
}

/** What Spark needs to write into PostgreSQL, or to read Avro, where a benchmark has a database or a registry. */
async function moreJars({ services }: Job): Promise<string[]> {
  const names = [services.postgres && 'postgresJdbc', services.registry && 'sparkAvro'].filter(
    (name) => name !== undefined,
  )
  const found = await Promise.all(names.map(installed))
  const homes = found.flatMap((there) => ('home' in there ? there.home : []))
  return (await Promise.all(homes.map((home) => Array.fromAsync(glob(join(home, '*.jar')))))).flat()
}

/** One file with Flink's jars, compiled as it starts; its JVM may have what Spark's may. */
async function flinkProgram(path: string, job: string): ReturnType<Start> {
  const there = await installed('flink')
  if ('unavailable' in there) return there
  const { JAVA17_HOME } = process.env
  const java = JAVA17_HOME ? join(JAVA17_HOME, 'bin', 'java') : 'java'
  const opened = ['lang', 'util', 'time'].flatMap((name) => ['--add-opens', `java.base/java.${name}=ALL-UNNAMED`])
  return { command: [java, '-Xmx8g', ...opened, '-cp', join(there.home, '*'), path, job] }
}
