import type { Command as Program } from 'commander'
import type { Command, Io } from './command.ts'
import { COMMANDS } from './commands/index.ts'
import { argumentsOf, attributeOf, buildProgram, isHelpShown } from './program.ts'
import { watchSignals } from './signals.ts'
import { asMillraceError, printError } from './terminal/errors.ts'
import { createTerminal } from './terminal/terminal.ts'

/** Runs one command line to its end and leaves the exit code in the process. */
export async function runCommandLine(process: NodeJS.Process): Promise<void> {
  const signals = watchSignals(process)
  const io: Io = { ...createTerminal(process, signals.abort), signal: signals.signal, commands: COMMANDS }
  const argv = clean(process.argv.slice(2))
  const fail = (thrown: unknown) => {
    const error = asMillraceError(thrown)
    printError(error, io, argv.includes('--debug'))
    return error.exitCode
  }
  process.on('uncaughtException', (thrown) => process.exit(fail(thrown)))
  process.exitCode = await parse(argv, io, process.env).then(
    (ended) => signals.exitCode() ?? ended,
    (thrown) => (signals.signal.aborted && isAbort(thrown) ? (signals.exitCode() ?? 0) : fail(thrown)),
  )
  // The command has stopped: anything still running is ended.
  if (signals.signal.aborted) process.exit()
}

async function parse(argv: readonly string[], io: Io, environment: NodeJS.ProcessEnv): Promise<number> {
  let exitCode = 0
  const program = await buildProgram(argv, io, async (command, parsed) => {
    exitCode = await launch(command, parsed, io, environment)
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (thrown) {
    if (!isHelpShown(thrown)) throw thrown
    return thrown.exitCode === 0 ? 0 : 2
  }
  return exitCode
}

async function launch(command: Command, parsed: Program, io: Io, environment: NodeJS.ProcessEnv): Promise<number> {
  const { resolveSettings, warningsOf } = await import('./settings/resolve.ts')
  const options: Partial<Record<string, unknown>> & { config?: string } = parsed.optsWithGlobals()
  const flags = Object.fromEntries(command.settings.map((key) => [key, options[attributeOf(key)]]))
  const settings = await resolveSettings({ flags, environment, configFile: options.config })
  const warnings = command.logsWarnings ? [] : warningsOf(settings, command.settings, environment)
  for (const warning of warnings) io.note(`warning: ${warning}`)
  return command.run(settings, argumentsOf(command, parsed), io)
}

/** Normalizes the arguments for commander. */
function clean(argv: readonly string[]): string[] {
  if (argv.length === 0) return ['--help']
  const words = withoutLeadingDashes(argv)
  const texts = words.filter(startsWithComment)
  return texts.length === 0 ? words : [...words.filter((word) => !startsWithComment(word)), '--', ...texts]
}

/** `pnpm sql -- "select 1"` hands the `--` on. */
function withoutLeadingDashes(argv: readonly string[]): string[] {
  const at = argv.indexOf('--')
  return at === 0 || (at === 1 && !argv[0]?.startsWith('-')) ? argv.filter((_, i) => i !== at) : [...argv]
}

/** SQL may begin with a comment, which is no option. */
function startsWithComment(word: string): boolean {
  return /^--\s/.test(word)
}

function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'AbortError'
}
