import { type CompletedCommand, type CompletedFlag, GLOBAL_FLAGS } from './words.ts'

export function zshScript(commands: readonly CompletedCommand[]): string {
  return `#compdef millrace
# millrace completion zsh: put this into ~/.zshrc, after compinit:  eval "$(millrace completion zsh)"
_millrace() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(':', '\\:')}`)}`).join('\n')}
  )
  local curcontext="$curcontext" state line
  _arguments -C ${GLOBAL_FLAGS.map(specOf).join(' ')} '--version[the version]' '1: :->command' '*:: :->rest'
  case $state in
    command) _describe -t commands command commands ;;
    rest)
      case $words[1] in
${commands.map(commandCase).join('\n')}
      esac ;;
  esac
}
compdef _millrace millrace
`
}

function commandCase({ name, flags, words }: CompletedCommand): string {
  const said = words === 'data sets' ? '$(command ls datasets 2>/dev/null)' : words.join(' ')
  const rest = said === '' ? [] : [`"*: :(${said})"`]
  return `        ${name}) _arguments ${[...[...flags, ...GLOBAL_FLAGS].map(specOf), ...rest].join(' ')} ;;`
}

function specOf({ flag, short, description, value }: CompletedFlag): string {
  const text = `[${description.replace(/[[\]\\:]/g, '\\$&')}]`
  const names = short ? `{${short},${flag}}` : flag
  return `${short ? `${names}${quoted(text + valueSpec(value))}` : quoted(`${flag}${text}${valueSpec(value)}`)}`
}

function valueSpec(value: CompletedFlag['value']): string {
  if (value === 'none') return ''
  if (value === 'anything') return ':value: '
  if (value === 'file') return ':file:_files'
  if (value === 'folder') return ':folder:_files -/'
  return `:value:(${value.join(' ')})`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
