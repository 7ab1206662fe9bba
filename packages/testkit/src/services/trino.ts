import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { copyArtifact } from './maven.ts'
import type { HttpAddress } from './python.ts'
import type { Server } from './server.ts'
import { javaHome, missingJava, missingTool } from './toolchain.ts'
import { trinoSql } from './trino-sql.ts'

const VERSION = '476'
const JAVA = { from: 24, to: 25 }
/** Of all that comes with the server. */
const PLUGINS = ['delta-lake', 'postgresql', 'cassandra', 'geospatial']
const ENVIRONMENT = 'test'

/** A coordinator and a worker, with the connectors of Delta Lake, PostgreSQL and Cassandra; tests make their catalogs by CREATE CATALOG. */
export const trino: Server<HttpAddress> = {
  pins: `io.trino:trino-server:${VERSION}:tar.gz ${PLUGINS}`,
  missing: () => missingJava(JAVA) ?? missingTool('mvn', 'tar'),
  install: async (home, run) => {
    const archive = await copyArtifact(`io.trino:trino-server:${VERSION}:tar.gz`, home, run, javaEnv())
    // All of it, for a file that comes twice in the archive is the second time a link to the first.
    await run(['tar', '-xzf', archive, '-C', home, '--strip-components=1'])
    await rm(archive)
    await keepOnly(join(home, 'plugin'), PLUGINS)
    await rm(join(home, 'plugin', 'delta-lake', 'hdfs'), { recursive: true })
  },
  launch: async ({ home, data, freePort }) => {
    const [port, workerPort] = [await freePort(), await freePort()]
    const url = `http://127.0.0.1:${port}`
    const address = { url }
    const coordinator = await nodeCommand(home, join(data, 'coordinator'), port, url)
    const worker = await nodeCommand(home, join(data, 'worker'), workerPort, url)
    return {
      command: ['sh', '-c', `${coordinator} & ${worker} & wait`],
      env: javaEnv(),
      address,
      ready: () => allNodes(address),
    }
  },
}

function javaEnv(): { JAVA_HOME: string } {
  return { JAVA_HOME: javaHome(JAVA) ?? '' }
}

async function keepOnly(folder: string, names: readonly string[]): Promise<void> {
  const others = (await readdir(folder)).filter((other) => !names.includes(other))
  await Promise.all(others.map((other) => rm(join(folder, other), { recursive: true })))
}

/** A shell command for one node; who has the coordinator's address is the coordinator. */
async function nodeCommand(home: string, folder: string, port: number, coordinator: string): Promise<string> {
  await mkdir(folder)
  const coordinates = coordinator.endsWith(`:${port}`)
  const settings = {
    coordinator: coordinates,
    ...(coordinates ? { 'catalog.store': 'memory' } : {}),
    'http-server.http.port': port,
    'http-server.http.enabled': true,
    'node.internal-address': '127.0.0.1',
    'node.bind-ip': '127.0.0.1',
    'discovery.uri': coordinator,
    'catalog.management': 'dynamic',
    'query.max-memory': '400MB',
    'query.max-memory-per-node': '200MB',
    'memory.heap-headroom-per-node': '128MB',
    'node.environment': ENVIRONMENT,
    'plugin.dir': join(home, 'plugin'),
  }
  const config = join(folder, 'config.properties')
  const levels = join(folder, 'log.properties')
  await writeFile(
    config,
    Object.entries(settings)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  )
  await writeFile(levels, 'io.trino=WARN\nio.airlift=WARN\nio.trino.server.Server=INFO\n')
  const java = [join(javaHome(JAVA) ?? '', 'bin', 'java'), ...JVM, `-Dconfig=${config}`, `-Dlog.levels-file=${levels}`]
  return [...java, '-cp', join(home, 'lib', '*'), 'io.trino.server.TrinoServer'].map((word) => `'${word}'`).join(' ')
}

/** Small, and quick to start: little runs long enough to be worth the second compiler. */
const JVM = [
  '-Xmx768m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:+ExitOnOutOfMemoryError',
  '-Djdk.attach.allowAttachSelf=true',
  '-Dfile.encoding=UTF-8',
  '--add-modules=jdk.incubator.vector',
  '--enable-native-access=ALL-UNNAMED',
  '--sun-misc-unsafe-memory-access=allow',
  '--add-opens=java.base/java.nio=ALL-UNNAMED',
]

/** The coordinator counts as one. */
async function allNodes(address: HttpAddress): Promise<boolean> {
  const rows = await trinoSql(address, "SELECT count(*) AS nodes FROM system.runtime.nodes WHERE state = 'active'")
  return rows[0]?.nodes === 2
}
