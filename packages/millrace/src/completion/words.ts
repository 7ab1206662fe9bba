import type { CommandEntry } from '../command.ts'
import { flagOf, settingInfo } from '../settings/keys.ts'

/** How the value of a flag is completed; `none` for a switch. */
export type ValueKind = 'none' | 'anything' | 'file' | 'folder' | readonly string[]

export interface CompletedFlag {
  readonly flag: string
  readonly short?: string
  readonly description: string
  readonly value: ValueKind
}

export interface CompletedCommand {
  readonly name: string
  readonly summary: string
  readonly flags: readonly CompletedFlag[]
  readonly words: readonly string[] | 'data sets'
}

/** Flags that every command takes. */
export const GLOBAL_FLAGS: readonly CompletedFlag[] = [
  { flag: '--help', short: '-h', description: 'what a command does and takes', value: 'none' },
  { flag: '--config', description: 'the configuration file', value: 'file' },
  { flag: '--debug', description: 'show the stack and the causes of an error', value: 'none' },
]

/** Returns every command with all that may follow it. */
export async function completedCommands(entries: readonly CommandEntry[]): Promise<CompletedCommand[]> {
  return Promise.all(
    entries.map(async ({ name, summary, load }) => {
      const { settings, options, words = [] } = await load()
      const ofSettings = settings.flatMap((key): CompletedFlag[] => {
        const { description, value, negatable } = settingInfo(key)
        const flag = flagOf(key)
        const off = {
          flag: flag.replace('--', '--no-'),
          description: `without ${flag.slice(2)}`,
          value: 'none',
        } as const
        return [{ flag, description, value: kindOf(value) }, ...(negatable ? [off] : [])]
      })
      const ofOptions = options.map(
        ({ flag, short, value, description, choices }): CompletedFlag => ({
          flag,
          ...(short && { short }),
          description,
          value: choices ?? (value === undefined ? 'none' : kindOf(value)),
        }),
      )
      return { name, summary, flags: [...ofSettings, ...ofOptions], words }
    }),
  )
}

/** Returns how to complete a value by how help names it: FILE, FOLDERS, debug|info, EARLIEST|TIME. */
function kindOf(value: string): ValueKind {
  if (/^FILE|^INPUT/.test(value)) return 'file'
  if (/^FOLDER|^PLACE/.test(value)) return 'folder'
  const choices = value.split('|').filter((word) => /^[a-z]+$/.test(word))
  return choices.length > 0 ? choices : 'anything'
}
