import { MillraceError } from '@millrace/base'
import type { Command, Run } from '../command.ts'

const SHELLS = {
  bash: async () => (await import('../completion/bash.ts')).bashScript,
  zsh: async () => (await import('../completion/zsh.ts')).zshScript,
  fish: async () => (await import('../completion/fish.ts')).fishScript,
} as const

const names = Object.keys(SHELLS) as (keyof typeof SHELLS)[]

const run: Run = async (_settings, args, io) => {
  const shell = names.find((name) => name === args.positionals[0])
  if (shell === undefined) {
    const given =
      args.positionals[0] === undefined ? 'no shell is named' : `there is no script for ${args.positionals[0]}`
    throw new MillraceError('USAGE', given, { next: `Name one of ${names.join(', ')}.` })
  }
  const { completedCommands } = await import('../completion/words.ts')
  const script = await SHELLS[shell]()
  await io.write(script(await completedCommands(io.commands)))
  return 0
}

export const completion: Command = {
  about: 'Prints a script that completes the commands, their flags and the values of those in a shell.',
  positionals: ['[shell]'],
  words: names,
  settings: [],
  options: [],
  examples: [
    { command: 'eval "$(millrace completion bash)"', does: 'in ~/.bashrc' },
    { command: 'eval "$(millrace completion zsh)"', does: 'in ~/.zshrc, after compinit' },
    { command: 'millrace completion fish > ~/.config/fish/completions/millrace.fish', does: 'for fish' },
  ],
  run,
}
