import { stat } from 'node:fs/promises'
import type { Runtime } from '@millrace/base'
import { type KeyFile, readKeyFile } from './key-file.ts'
import { type KeyHash, type Keys, openKeys } from './keys.ts'

/** The keys that count just now: those given, and those of a file, which is read again when it changes. */
export interface KeyRing {
  /** Undefined where no key is needed. */
  current(): Keys | undefined
  close(): Promise<void>
}

export interface KeyRingOptions {
  readonly keys: readonly KeyHash[]
  readonly keyFile: string | undefined
  /** Receives notes for the operator of the gateway. */
  readonly report: (note: string) => void
  readonly lookEveryMs: number
}

export async function openKeyRing(options: KeyRingOptions, runtime: Runtime): Promise<KeyRing> {
  const { keys, keyFile, report, lookEveryMs } = options
  if (keyFile === undefined) {
    const fixed = keys.length === 0 ? undefined : openKeys(keys)
    return { current: () => fixed, close: async () => {} }
  }
  const load = async () => {
    const file = await readKeyFile(keyFile)
    reportPlain(keyFile, file, report)
    return openKeys([...keys, ...file.keys])
  }
  const stop = new AbortController()
  let current = await load()
  let mark = await markOf(keyFile)
  const watch = async () => {
    while (!stop.signal.aborted) {
      await runtime.sleep(lookEveryMs, stop.signal).catch(() => {})
      const now = await markOf(keyFile)
      if (stop.signal.aborted || now === mark) continue
      mark = now
      try {
        current = await load()
        mark = await markOf(keyFile)
        report(`${keyFile} was read again`)
      } catch (error) {
        report(`${keyFile} changed and is not used, the keys before it still count: ${(error as Error).message}`)
      }
    }
  }
  const watching = watch()
  return {
    current: () => current,
    async close() {
      stop.abort()
      await watching
    },
  }
}

function reportPlain(path: string, { plain, rewritten }: KeyFile, report: (note: string) => void): void {
  if (rewritten) report(`${plain} keys stood in ${path} in plain; their hashes stand there now`)
  else if (plain > 0) report(`${plain} keys stand in ${path} in plain, and it can't be written: hash them`)
}

/** Another file under the same name, or another content, has another mark. */
async function markOf(path: string): Promise<string> {
  const { ino, mtimeMs, size, mode } = await stat(path).catch(() => ({ ino: 0, mtimeMs: 0, size: 0, mode: 0 }))
  return `${ino} ${mtimeMs} ${size} ${mode}`
}
