import { readFileSync } from 'node:fs'
import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Installation, RunCommand } from './server.ts'
import { type JavaVersions, javaHome, missingJava, missingTool } from './toolchain.ts'

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

/** The jars that a pom in this folder names, which need one of these versions of Java. */
export function jarsOf(pomName: string, java: JavaVersions): Installation {
  const pom = fileURLToPath(new URL(pomName, import.meta.url))
  return {
    pins: readFileSync(pom, 'utf8'),
    missing: () => missingJava(java) ?? missingTool('mvn'),
    install: (home, run) => copyJars(pom, home, run, { JAVA_HOME: javaHome(java) ?? '' }),
  }
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
