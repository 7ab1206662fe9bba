import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { copyArtifact } from './maven.ts'
import { answers, type HttpAddress } from './python.ts'
import type { Server } from './server.ts'
import { javaHome, missingJava, missingTool } from './toolchain.ts'

const VERSION = '3.3.3'
const JAVA = { from: 21, to: 25 }

/** Apicurio's schema registry, which keeps its schemas in memory; its address is that of Confluent's API. */
export const registry: Server<HttpAddress> = {
  pins: `io.apicurio:apicurio-registry-app:${VERSION}`,
  missing: () => missingJava(JAVA) ?? missingTool('mvn', 'tar'),
  install: async (home, run) => {
    const artifact = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`
    await copyArtifact(artifact, home, run, { JAVA_HOME: javaHome(JAVA) ?? '' })
    const archive = join(home, `apicurio-registry-app-${VERSION}-all.tar.gz`)
    await run(['tar', '-xzf', archive, '-C', home])
    await rm(archive)
  },
  launch: async ({ home, freePort }) => {
    const [port, managementPort] = [await freePort(), await freePort()]
    const address = { url: `http://127.0.0.1:${port}/apis/ccompat/v7` }
    return {
      command: [join(javaHome(JAVA) ?? '', 'bin', 'java'), ...JVM, '-jar', join(home, 'quarkus-run.jar')],
      env: {
        QUARKUS_HTTP_HOST: '127.0.0.1',
        QUARKUS_HTTP_PORT: String(port),
        QUARKUS_MANAGEMENT_HOST: '127.0.0.1',
        QUARKUS_MANAGEMENT_PORT: String(managementPort),
      },
      address,
      ready: () => answers({ url: `${address.url}/subjects` }),
    }
  },
}

const JVM = ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
