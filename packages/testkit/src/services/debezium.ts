import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { jarsOf } from './maven.ts'
import type { Installation } from './server.ts'
import { javaHome } from './toolchain.ts'

const LOGGING = fileURLToPath(new URL('kafka-log4j2.xml', import.meta.url))
const JAVA = { from: 17, to: 25 }

/** Kafka Connect with Debezium's connectors for MySQL and PostgreSQL: jars. What starts it is `startDebezium`. */
export const debezium: Installation = jarsOf('debezium-pom.xml', JAVA)

/** Starts a Kafka Connect that is one process, by its file of properties. */
export function connectCommand(home: string, properties: string): string[] {
  const java = [join(javaHome(JAVA) ?? '', 'bin', 'java'), `-Dlog4j2.configurationFile=${LOGGING}`, ...JVM]
  return [...java, '-cp', join(home, '*'), 'org.apache.kafka.connect.cli.ConnectStandalone', properties]
}

const JVM = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
