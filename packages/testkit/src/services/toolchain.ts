import { spawnSync } from 'node:child_process'
import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

function onPath(tool: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, tool))
    .find(isExecutable)
}

/** The first of these tools that is not there, as a sentence. */
export function missingTool(...tools: string[]): string | undefined {
  const tool = tools.find((name) => onPath(name) === undefined)
  return tool && `${tool} is not on the PATH`
}

export interface JavaVersions {
  readonly from: number
  readonly to: number
}

/** A JDK's or JRE's home whose version is in this range. */
export function javaHome({ from, to }: JavaVersions): string | undefined {
  return javaHomes().find((home) => {
    const version = javaVersion(join(home, 'bin', 'java'))
    return version !== undefined && version >= from && version <= to
  })
}

export function missingJava(versions: JavaVersions): string | undefined {
  if (javaHome(versions)) return undefined
  return `no Java ${versions.from} to ${versions.to} (looked at JAVA17_HOME, JAVA_HOME, /usr/lib/jvm and the PATH)`
}

function javaHomes(): string[] {
  const named = [process.env.JAVA17_HOME, process.env.JAVA_HOME]
  const installed = foldersIn('/usr/lib/jvm').sort()
  const java = onPath('java')
  const homes = [...named, ...installed, java && join(java, '..', '..')]
  return homes.filter((home): home is string => home !== undefined && home !== '')
}

const versions = new Map<string, number | undefined>()

function javaVersion(java: string): number | undefined {
  if (!isExecutable(java)) return undefined
  if (!versions.has(java)) {
    const { stderr } = spawnSync(java, ['-version'], { encoding: 'utf8' })
    const major = /version "(\d+)/.exec(stderr)?.[1]
    versions.set(java, major === undefined ? undefined : Number(major))
  }
  return versions.get(java)
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name))
  } catch {
    return []
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
