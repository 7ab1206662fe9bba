import { readFileSync } from 'node:fs'
import { MillraceError } from './errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Returns the value of the variable, or the content of the file that <name>_FILE names; undefined where neither is set. */
export function optionalSecret(name: string, environment: Environment): string | undefined {
  const value = environment[name]
  if (value !== undefined) return value
  const file = environment[`${name}_FILE`]
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8').trimEnd()
  } catch (cause) {
    throw new MillraceError('CONFIG_INVALID', `${name}_FILE names ${file}, which cannot be read`, { cause })
  }
}

/** The same, for a secret that there must be. */
export function requiredSecret(name: string, environment: Environment): string {
  const value = optionalSecret(name, environment)
  if (value === undefined) throw new MillraceError('CONFIG_INVALID', `neither ${name} nor ${name}_FILE is set`)
  return value
}
