import { jarsOf } from './maven.ts'
import type { Installation } from './server.ts'

/** Spark's own functions for Avro, which are not part of Spark's package. */
export const sparkAvro: Installation = jarsOf('spark-avro-pom.xml', { from: 17, to: 21 })
