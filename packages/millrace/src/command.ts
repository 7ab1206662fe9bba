import type { Arguments } from './arguments.ts'
import type { SettingKey } from './settings/keys.ts'
import type { ResolvedSettings } from './settings/resolve.ts'
import type { Terminal } from './terminal/terminal.ts'

/** An option of one call, not a setting: it cannot come from the environment or a file. */
interface Option {
  readonly flag: `--${string}`
  readonly short?: `-${string}`
  /** How the flag names its value; none for a switch. */
  readonly value?: string
  readonly description: string
  /** All values that it takes. */
  readonly choices?: readonly string[]
}

interface Example {
  readonly command: string
  readonly does: string
}

/** The terminal and process facilities that a command uses. */
export interface Io extends Terminal {
  /** Aborts at Ctrl-C, SIGTERM, or when nobody reads the results any more: finish what is begun, then return. */
  readonly signal: AbortSignal
  /** Every command, for commands that list them all. */
  readonly commands: readonly CommandEntry[]
}

export type Run = (settings: ResolvedSettings, args: Arguments, io: Io) => Promise<number>

/** A command as plain data; `run` answers the exit code. */
export interface Command {
  readonly about: string
  /** Names of what stands without a flag, in the notation of commander: `[sql]`, `<table>`. */
  readonly positionals?: readonly string[]
  /** What may stand there, for completion: these words, or the names of data sets. */
  readonly words?: readonly string[] | 'data sets'
  readonly settings: readonly SettingKey[]
  readonly options: readonly Option[]
  readonly examples: readonly Example[]
  /** Warnings about its settings go into its own log, whose lines are JSON. */
  readonly logsWarnings?: true
  readonly run: Run
}

/** A line of `--help`; the command itself is loaded when it is called. */
export interface CommandEntry {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<Command>
}
