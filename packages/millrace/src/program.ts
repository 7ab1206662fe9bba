import { CommanderError, InvalidArgumentError, Option, Command as Program } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { createArguments } from './arguments.ts'
import type { Command, CommandEntry, Io } from './command.ts'
import { COMMANDS } from './commands/index.ts'
import { flagOf, type SettingKey, settingInfo, variableOf } from './settings/keys.ts'
import { usageError } from './usage.ts'

/** Runs `command` with what commander found. */
export type Launch = (command: Command, program: Program) => Promise<void>

/** The whole `millrace` as commander sees it; only the command that `argv` names is loaded. */
export async function buildProgram(argv: readonly string[], io: Io, launch: Launch): Promise<Program> {
  const program = new Program('millrace')
  program
    .description('Kafka, Kinesis and the changes of databases into Delta Lake: cleaned, exactly once, in one process.')
    .version(packageJson.version)
    .option('--config <FILE>', 'the configuration file (default: millrace.config.ts in the working folder)')
    .option('--debug', 'show the stack and the causes of an error')
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => io.style('bold', title) })
    .configureOutput({ writeOut: (text) => void io.write(text), writeErr: io.note, outputError: () => {} })
    .showSuggestionAfterError(false)
  overrideExit(program)
  const wanted = wantedCommand(argv)
  for (const entry of COMMANDS) await addCommand(program, entry, entry.name === wanted, launch)
  program.addHelpText('after', HELP_END)
  return program
}

const HELP_END = `
Examples:
  millrace stream                             records into ./lake, with nothing else installed
  millrace sql "select count(*) from orders"  ask the lake
  millrace config                             every setting and where its value comes from

Settings come from flags, then MILLRACE_* variables, then millrace.config.ts, then defaults.
Exit codes: 0 done, 1 failed, 2 wrong use, 3 the data did not pass, 130 and 143 stopped after a clean commit.`

/** The first word that is neither an option nor the value of --config. */
function wantedCommand(argv: readonly string[]): string | undefined {
  const words = argv.filter((word, i) => !word.startsWith('-') && argv[i - 1] !== '--config')
  return words[0] === 'help' ? words[1] : words[0]
}

async function addCommand(program: Program, entry: CommandEntry, wanted: boolean, launch: Launch): Promise<void> {
  const added = program.command(entry.name).summary(entry.summary)
  overrideExit(added)
  if (!wanted) return
  const command = await entry.load()
  added.description(command.about)
  for (const positional of command.positionals ?? []) added.argument(positional)
  for (const key of command.settings) addSetting(added, key)
  for (const { flag, short, value, description } of command.options) {
    addOption(added, `${short ? `${short}, ` : ''}${flag}${value ? ` <${value}>` : ''}`, description)
  }
  const width = Math.max(...command.examples.map((example) => example.command.length))
  const examples = command.examples.map((example) => `  ${example.command.padEnd(width)}  ${example.does}`)
  added.addHelpText('after', `\nExamples:\n${examples.join('\n')}`)
  added.action(() => launch(command, added))
}

function addSetting(added: Program, key: SettingKey): void {
  const { value, description, default: fallback, negatable, repeated } = settingInfo(key)
  const flag = flagOf(key)
  const origin = fallback === undefined ? variableOf(key) : `${variableOf(key)}, default ${fallback}`
  addOption(added, `${flag} ${value.startsWith('[') ? value : `<${value}>`}`, `${description} (${origin})`, repeated)
  if (negatable) addOption(added, flag.replace('--', '--no-'), `without ${flag.slice(2)}`)
}

function addOption(added: Program, flags: string, description: string, repeated = false): void {
  const option = new Option(flags, description)
  if (repeated) option.argParser((value, all: readonly string[] = []) => [...all, refuseFlag(value)])
  else if (option.required) option.argParser(refuseFlag)
  added.addOption(option)
}

/** Returns the name under which commander keeps the value of a setting's flag. */
export function attributeOf(key: SettingKey): string {
  return new Option(flagOf(key)).attributeName()
}

/** Refuses a flag as a value: in `--lake --json` the value is missing. */
function refuseFlag(value: string): string {
  if (value.startsWith('--')) throw new InvalidArgumentError('Its value is missing.')
  return value
}

function overrideExit(command: Program): void {
  command.exitOverride((error: CommanderError) => {
    throw error.exitCode === 0 || error.code === 'commander.help' ? error : usageError(error, command)
  })
}

export function isHelpShown(thrown: unknown): thrown is CommanderError {
  return thrown instanceof CommanderError
}

export function argumentsOf(command: Command, program: Program) {
  const given = program.opts<Record<string, string | boolean | undefined>>()
  const byFlag = command.options.map(({ flag }) => [flag, given[new Option(flag).attributeName()]] as const)
  return createArguments(program.args, Object.fromEntries(byFlag))
}
