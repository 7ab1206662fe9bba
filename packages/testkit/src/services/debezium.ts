import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { copyJars } from './maven.ts'
import type { Installation } from './server.ts'
import { javaHome, missingJava, missingTool } from './toolchain.ts'

const POM = fileURLToPath(new URL('debezium-pom.xml', import.meta.url))
const LOGGING = fileURLToPath(new URL('kafka-log4j2.xml', import.meta.url))
const JAVA = { from: 17, to: 25 }

/** Kafka Connect with Debezium's connectors for MySQL and PostgreSQL: jars. What starts it is `startDebezium`. */
export const debezium: Installation = {
  pins: readFileSync(POM, 'utf8'),
  missing: () => missingJava(JAVA) ?? missingTool('mvn'),
  install: (home, run) => copyJars(POM, home, run, { JAVA_HOME: javaHome(JAVA) ?? '' }),
}

/** Starts a Kafka Connect that is one process, by its file of properties. */
export function connectCommand(home: string, properties: string): string[] {
  const java = [join(javaHome(JAVA) ?? '', 'bin', 'java'), `-Dlog4j2.configurationFile=${LOGGING}`, ...JVM]
  return [...java, '-cp', join(home, '*'), 'org.apache.kafka.connect.cli.ConnectStandalone', properties]
}

const JVM = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
