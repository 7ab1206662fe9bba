import { jarsOf } from './maven.ts'
import type { Installation } from './server.ts'

/** Kafka Connect with its sink for files. Its sinks for S3 are not on Maven Central. */
export const connect: Installation = jarsOf('connect-pom.xml', { from: 17, to: 25 })
