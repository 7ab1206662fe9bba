import { type CompletedCommand, type CompletedFlag, GLOBAL_FLAGS } from './words.ts'

/** Returns a script for bash 3.2 and later, which macOS still has. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).join(' ')
  return `# millrace completion bash: put this into ~/.bashrc:  eval "$(millrace completion bash)"
_millrace() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command= flags= words= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      --config) ((i++)) ;;
      -*) ;;
      *) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case "$command $prev" in
${[...commands.flatMap(valueCases), ...GLOBAL_FLAGS.flatMap((flag) => valueCase('*', flag))].join('\n')}
  esac
  case $command in
    '') words='${names}' flags='--version' ;;
${commands.map(commandCase).join('\n')}
  esac
  if [[ $cur == -* ]]; then words="$flags ${namesOf(GLOBAL_FLAGS)}"; fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o bashdefault -o default -F _millrace millrace
`
}

function commandCase({ name, flags, words }: CompletedCommand): string {
  const said = words === 'data sets' ? '$(command ls datasets 2>/dev/null)' : words.join(' ')
  return `    ${name}) flags='${namesOf(flags)}' words="${said}" ;;`
}

function namesOf(flags: readonly CompletedFlag[]): string {
  return flags.flatMap(({ flag, short }) => [flag, ...(short ? [short] : [])]).join(' ')
}

function valueCases({ name, flags }: CompletedCommand): string[] {
  return flags.flatMap((flag) => valueCase(name, flag))
}

function valueCase(command: string, { flag, short, value }: CompletedFlag): string[] {
  if (value === 'none') return []
  const names = [flag, ...(short ? [short] : [])]
  const quoted = names.map((each) => (command === '*' ? `*' ${each}'` : `'${command} ${each}'`))
  return [`    ${quoted.join(' | ')}) ${fillOf(value)}; return ;;`]
}

function fillOf(value: Exclude<CompletedFlag['value'], 'none'>): string {
  if (value === 'anything') return 'compopt +o bashdefault +o default 2>/dev/null'
  if (value === 'file') return 'COMPREPLY=($(compgen -f -- "$cur"))'
  if (value === 'folder') return 'COMPREPLY=($(compgen -d -- "$cur"))'
  return `COMPREPLY=($(compgen -W '${value.join(' ')}' -- "$cur"))`
}
