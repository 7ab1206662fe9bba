import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { copyJars } from './maven.ts'
import type { Installation } from './server.ts'
import { javaHome, missingJava, missingTool } from './toolchain.ts'

const POM = fileURLToPath(new URL('postgres-jdbc-pom.xml', import.meta.url))
const JAVA = { from: 17, to: 21 }

/** PostgreSQL's driver for Java, for Spark. */
export const postgresJdbc: Installation = {
  pins: readFileSync(POM, 'utf8'),
  missing: () => missingJava(JAVA) ?? missingTool('mvn'),
  install: (home, run) => copyJars(POM, home, run, { JAVA_HOME: javaHome(JAVA) ?? '' }),
}
