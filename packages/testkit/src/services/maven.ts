import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunCommand } from './server.ts'

const DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.9.0'

/** Copies the jars that a pom names, and all that they need, into the folder. */
export async function copyJars(
  pom: string,
  folder: string,
  run: RunCommand,
  env: Record<string, string>,
): Promise<void> {
  await copyFile(pom, join(folder, 'pom.xml'))
  const goal = `${DEPENDENCY_PLUGIN}:copy-dependencies`
  await run(['mvn', '-q', '-B', '-f', folder, goal, `-DoutputDirectory=${folder}`, '-DincludeScope=runtime'], env)
}

/** Copies one artifact, group:name:version:type, and keeps it nowhere else; answers where it is. */
export async function copyArtifact(
  artifact: string,
  folder: string,
  run: RunCommand,
  env: Record<string, string>,
): Promise<string> {
  const repository = join(folder, 'repository')
  const local = `-Dmaven.repo.local=${repository}`
  const [, name, version, type] = artifact.split(':')
  const options = [local, `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`]
  await run(['mvn', '-q', '-B', `${DEPENDENCY_PLUGIN}:copy`, ...options], env)
  await rm(repository, { recursive: true })
  return join(folder, `${name}-${version}.${type}`)
}
