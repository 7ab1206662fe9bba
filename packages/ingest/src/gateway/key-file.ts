import { chmod, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { MillraceError } from '@millrace/base'
import { type KeyHash, readKey } from './keys.ts'

interface KeyFile {
  readonly keys: readonly KeyHash[]
  /** How many stood there in plain, and whether the file holds their hashes now. */
  readonly plain: number
  readonly rewritten: boolean
}

/**
 * A key a line: `NAME KEY`, or the key alone; lines with # are remarks. A key that stands there in plain is replaced
 * by its hash, so that the file gives nothing away from then on.
 */
export async function readKeyFile(path: string): Promise<KeyFile> {
  const text = await read(path)
  const lines = text.split(/\r?\n/).map((line, i) => lineOf(line, i + 1, path))
  const keys = lines.flatMap(({ key }) => key ?? [])
  if (keys.length === 0) throw new MillraceError('CONFIG_INVALID', `the key file ${path} holds no key`)
  const plain = lines.filter(({ isPlain }) => isPlain).length
  const hashed = lines.map(({ written }) => written).join('\n')
  return { keys, plain, rewritten: plain > 0 && (await replace(path, hashed)) }
}

interface Line {
  readonly key?: KeyHash
  readonly isPlain: boolean
  /** As it shall stand in the file. */
  readonly written: string
}

function lineOf(line: string, number: number, path: string): Line {
  const words = line.trim().split(/\s+/)
  if (line.trim() === '' || words[0]?.startsWith('#')) return { isPlain: false, written: line }
  if (words.length > 2) throw new MillraceError('CONFIG_INVALID', `${path}, line ${number}: more than a name and a key`)
  const written = words.at(-1) ?? ''
  const name = words.length === 2 ? (words[0] ?? '') : `line-${number}`
  const key = readKey(written, name)
  const hash = `sha256:${key.hash.toString('hex')}`
  return { key, isPlain: !written.startsWith('sha256:'), written: words.length === 2 ? `${name} ${hash}` : hash }
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new MillraceError('CONFIG_INVALID', `the key file ${path} can't be read`, { cause })
  }
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
