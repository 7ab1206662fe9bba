import { readFileSync } from 'node:fs'
import { glob, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { copyJars } from './maven.ts'
import { answers, type HttpAddress, makeVenv, PYTHON_ENV, pythonScript, venvPython } from './python.ts'
import type { Server } from './server.ts'
import { javaHome, missingJava, missingTool } from './toolchain.ts'

const POM = fileURLToPath(new URL('spark-pom.xml', import.meta.url))
const REQUIREMENTS = ['pyspark==4.2.0', 'pyarrow==26.0.1']
const JAVA = { from: 17, to: 21 }

/** One Spark session with Delta, over folders. */
export const spark: Server<HttpAddress> = {
  pins: [...REQUIREMENTS, readFileSync(POM, 'utf8')].join('\n'),
  missing: () => missingJava(JAVA) ?? missingTool('mvn', 'python3'),
  install: async (home, run) => {
    await mkdir(join(home, 'jars'))
    await copyJars(POM, join(home, 'jars'), run, javaEnv())
    await makeVenv(home, REQUIREMENTS, run)
  },
  launch: async ({ home, data, freePort }) => {
    const port = await freePort()
    const address = { url: `http://127.0.0.1:${port}` }
    const [sparkHome = ''] = await found(join(home, 'venv', 'lib', 'python3*', 'site-packages', 'pyspark'))
    const jars = await found(join(home, 'jars', '*.jar'))
    return {
      command: [
        join(sparkHome, 'bin', 'spark-submit'),
        ...['--master', 'local[2]', '--driver-memory', '2g', '--jars', jars.join(',')],
        ...Object.entries(settings(data)).flatMap(([key, value]) => ['--conf', `${key}=${value}`]),
        pythonScript('spark_server.py'),
        String(port),
      ],
      env: { ...PYTHON_ENV, ...javaEnv(), SPARK_HOME: sparkHome, PYSPARK_PYTHON: venvPython(home) },
      address,
      ready: () => answers(address),
    }
  },
}

function javaEnv(): { JAVA_HOME: string } {
  return { JAVA_HOME: javaHome(JAVA) ?? '' }
}

function found(pattern: string): Promise<string[]> {
  return Array.fromAsync(glob(pattern))
}

function settings(data: string): Record<string, string> {
  return {
    'spark.sql.extensions': 'io.delta.sql.DeltaSparkSessionExtension',
    'spark.sql.catalog.spark_catalog': 'org.apache.spark.sql.delta.catalog.DeltaCatalog',
    'spark.sql.session.timeZone': 'UTC',
    'spark.sql.shuffle.partitions': '2',
    'spark.databricks.delta.snapshotPartitions': '2',
    'spark.sql.warehouse.dir': join(data, 'warehouse'),
    'spark.local.dir': join(data, 'tmp'),
    'spark.driver.host': '127.0.0.1',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.driver.extraJavaOptions': '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC',
    'spark.ui.enabled': 'false',
    'spark.ui.showConsoleProgress': 'false',
  }
}
