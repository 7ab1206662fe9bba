import { jarsOf } from './maven.ts'
import type { Installation } from './server.ts'

/** PostgreSQL's driver for Java, for Spark. */
export const postgresJdbc: Installation = jarsOf('postgres-jdbc-pom.xml', { from: 17, to: 21 })
