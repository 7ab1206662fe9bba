import { chmod, rename, rm, stat, writeFile } from 'node:fs/promises'
import { MillraceError } from '@millrace/base'
import { readGrant, USUAL_GRANTS } from './grants.ts'
import { type KeyHash, readKey } from './keys.ts'
import { readPrivateFile } from './private-file.ts'

export interface KeyFile {
  readonly keys: readonly KeyHash[]
  /** Number of keys in plain text, and whether the file holds their hashes now. */
  readonly plain: number
  readonly rewritten: boolean
}

/**
 * A key a line: `NAME KEY ROLE…`, or the key alone; lines with # are remarks. A key that stands there in plain is
 * replaced by its hash, so that the file gives nothing away from then on.
 */
export async function readKeyFile(path: string): Promise<KeyFile> {
  const text = await readPrivateFile(path)
  const lines = text.split(/\r?\n/).map((line, i) => lineOf(line, i + 1, path))
  const keys = lines.flatMap(({ key }) => key ?? [])
  refuseDoubles(keys, path)
  if (keys.length === 0) throw new MillraceError('CONFIG_INVALID', `the key file ${path} holds no key`)
  const plain = lines.filter(({ isPlain }) => isPlain).length
  const hashed = lines.map(({ written }) => written).join('\n')
  return { keys, plain, rewritten: plain > 0 && (await replace(path, hashed)) }
}

/** The same key twice leaves open who came with it, and what they may do. */
function refuseDoubles(keys: readonly KeyHash[], path: string): void {
  const seen = new Map<string, string>()
  for (const { name, hash } of keys) {
    const before = seen.get(hash.toString('hex'))
    if (before !== undefined) {
      throw new MillraceError('CONFIG_INVALID', `${path}: ${before} and ${name} have the same key`)
    }
    seen.set(hash.toString('hex'), name)
  }
}

interface Line {
  readonly key?: KeyHash
  readonly isPlain: boolean
  /** The line that the file shall have. */
  readonly written: string
}

function lineOf(line: string, number: number, path: string): Line {
  const words = line.trim().split(/\s+/)
  if (line.trim() === '' || words[0]?.startsWith('#')) return { isPlain: false, written: line }
  const [first = '', second, ...roles] = words
  const [name, written] = second === undefined ? [undefined, first] : [first, second]
  const where = `${path}, line ${number}`
  const grants = roles.length === 0 ? USUAL_GRANTS : roles.map((role) => readGrant(role, where))
  const key = readKey(written, name ?? `line-${number}`, grants)
  const hash = `sha256:${key.hash.toString('hex')}`
  const hashed = name === undefined ? hash : [name, hash, ...roles].join(' ')
  return { key, isPlain: !written.startsWith('sha256:'), written: hashed }
}

/** Whole or not at all. A file that may not be written, such as a mounted secret, stays as it is. */
async function replace(path: string, text: string): Promise<boolean> {
  const beside = `${path}.new`
  try {
    const { mode } = await stat(path)
    await writeFile(beside, text, { mode: 0o600, flag: 'wx' })
    await chmod(beside, mode & 0o777)
    await rename(beside, path)
    return true
  } catch {
    await rm(beside, { force: true }).catch(() => {})
    return false
  }
}
