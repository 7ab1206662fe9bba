import { MillraceError, nearest } from '@millrace/base'
import type { Command, CommanderError } from 'commander'

/** Returns commander's error as one of ours, with the nearest valid name. */
export function usageError(error: CommanderError, command: Command): MillraceError {
  const message = error.message.replace(/^error: /, '').replace(/=[^']*'/, "'")
  const named = /'(-{0,2}[^'= ]*)/.exec(message)?.[1] ?? ''
  const meant = nearest(named, candidatesFor(error.code, command))
  const help = command.parent === null ? 'millrace --help' : `millrace ${command.name()} --help`
  const hint = error.code === 'commander.excessArguments' ? 'Put what has spaces into quotes. ' : ''
  return new MillraceError('USAGE', message, {
    next: `${meant === undefined ? hint : `Did you mean ${meant}? `}See ${help}.`,
  })
}

function candidatesFor(code: string, command: Command): string[] {
  if (code === 'commander.unknownCommand') return command.commands.map((candidate) => candidate.name())
  if (code !== 'commander.unknownOption') return []
  const own = [...command.options, ...(command.parent?.options ?? [])]
  return [...own.flatMap((option) => option.long ?? []), '--help', '--version']
}
