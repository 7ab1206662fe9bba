import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { copyJars } from './maven.ts'
import type { Installation } from './server.ts'
import { javaHome, missingJava, missingTool } from './toolchain.ts'

const POM = fileURLToPath(new URL('spark-avro-pom.xml', import.meta.url))
const JAVA = { from: 17, to: 21 }

/** Spark's own functions for Avro, which are not part of Spark's package. */
export const sparkAvro: Installation = {
  pins: readFileSync(POM, 'utf8'),
  missing: () => missingJava(JAVA) ?? missingTool('mvn'),
  install: (home, run) => copyJars(POM, home, run, { JAVA_HOME: javaHome(JAVA) ?? '' }),
}
