import { type CompletedCommand, type CompletedFlag, GLOBAL_FLAGS } from './words.ts'

export function fishScript(commands: readonly CompletedCommand[]): string {
  // A file after --config is no command.
  const none = `-n 'not __fish_seen_subcommand_from ${commands.map(({ name }) => name).join(' ')}'`
  const lines = commands.flatMap((command) => [
    `complete -c millrace ${none} -a ${command.name} -d ${quoted(command.summary)}`,
    ...command.flags.map((flag) => flagLine(flag, `-n '__fish_seen_subcommand_from ${command.name}'`)),
    ...wordsLine(command),
  ])
  return `# millrace completion fish: millrace completion fish > ~/.config/fish/completions/millrace.fish
complete -c millrace -f
${[...GLOBAL_FLAGS.map((flag) => flagLine(flag, '')), ...lines].join('\n')}
`
}

function wordsLine({ name, words }: CompletedCommand): string[] {
  const said = words === 'data sets' ? '(command ls datasets 2>/dev/null)' : words.join(' ')
  return said === '' ? [] : [`complete -c millrace -n '__fish_seen_subcommand_from ${name}' -a ${quoted(said)}`]
}

function flagLine({ flag, short, description, value }: CompletedFlag, when: string): string {
  const names = `-l ${flag.slice(2)}${short ? ` -s ${short.slice(1)}` : ''}`
  return ['complete -c millrace', when, names, valueWords(value), `-d ${quoted(description)}`].filter(Boolean).join(' ')
}

function valueWords(value: CompletedFlag['value']): string {
  if (value === 'none') return ''
  if (value === 'anything') return '-x'
  if (value === 'file') return '-r -F'
  if (value === 'folder') return "-x -a '(__fish_complete_directories)'"
  return `-x -a '${value.join(' ')}'`
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
