import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { copyJars } from './maven.ts'
import type { Installation } from './server.ts'
import { javaHome, missingJava, missingTool } from './toolchain.ts'

const POM = fileURLToPath(new URL('connect-pom.xml', import.meta.url))
const JAVA = { from: 17, to: 25 }

/** Kafka Connect with its sink for files. Its sinks for S3 are not on Maven Central. */
export const connect: Installation = {
  pins: readFileSync(POM, 'utf8'),
  missing: () => missingJava(JAVA) ?? missingTool('mvn'),
  install: (home, run) => copyJars(POM, home, run, { JAVA_HOME: javaHome(JAVA) ?? '' }),
}
