import { jarsOf } from './maven.ts'
import type { Installation } from './server.ts'

/** Flink's jars, for a program that brings its own small cluster. */
export const flink: Installation = jarsOf('flink-pom.xml', { from: 17, to: 21 })
