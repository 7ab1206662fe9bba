import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunCommand } from './server.ts'

/** Copies the jars that a pom names, and all that they need, into the folder. */
export async function copyJars(
  pom: string,
  folder: string,
  run: RunCommand,
  env: Record<string, string>,
): Promise<void> {
  await copyFile(pom, join(folder, 'pom.xml'))
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies'
  await run(['mvn', '-q', '-B', '-f', folder, goal, `-DoutputDirectory=${folder}`, '-DincludeScope=runtime'], env)
}
