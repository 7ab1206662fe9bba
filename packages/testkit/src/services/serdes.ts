import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { jarsOf } from './maven.ts'
import type { Installation } from './server.ts'
import { javaHome } from './toolchain.ts'

const PROGRAM = fileURLToPath(new URL('java/SerdeProducer.java', import.meta.url))
const JAVA = { from: 17, to: 25 }

/** Apicurio's serialisers in Java: jars. What runs them is `produceBySerdes`. */
export const apicurioSerdes: Installation = jarsOf('apicurio-serdes-pom.xml', JAVA)

/** AWS Glue's serialisers in Java: jars. */
export const glueSerdes: Installation = jarsOf('glue-serdes-pom.xml', JAVA)

/** Runs SerdeProducer.java with the jars of an installation; what it reads beside them is in the folder. */
export function serdeCommand(home: string, folder: string, job: string): string[] {
  const java = join(javaHome(JAVA) ?? '', 'bin', 'java')
  return [java, '-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', `${join(home, '*')}:${folder}`, PROGRAM, job]
}
