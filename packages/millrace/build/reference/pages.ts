import { readFileSync } from 'node:fs'
import { ERROR_CODES, MillraceError } from '@millrace/base'
import { METRICS, type MetricDefinition } from '@millrace/watch'
import type { Command } from '../../src/command.ts'
import { COMMANDS } from '../../src/commands/index.ts'
import {
  flagOf,
  SETTING_KEYS,
  type SettingInfo,
  type SettingKey,
  settingInfo,
  variableOf,
} from '../../src/settings/keys.ts'
import { adviceOf } from '../../src/terminal/advice.ts'
import { eventsIn } from './events.ts'

const EVENTS = new URL('../../../stream/src/telemetry.ts', import.meta.url)

const MADE = '<!-- Made by `pnpm reference` from the code; a test compares the two. -->'

/** Returns the pages of docs/reference by their names, as the code has them now. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['commands', await commandsPage()],
    ['settings', await settingsPage()],
    ['errors', errorsPage()],
    ['metrics', metricsPage()],
    ['events', eventsPage()],
  ])
}

async function commandsPage(): Promise<string> {
  const commands = await Promise.all(COMMANDS.map(async (entry) => ({ ...entry, command: await entry.load() })))
  return page(
    'Which commands there are',
    'Every command of `millrace`. `millrace COMMAND --help` says the same, with the settings that it takes. `--config FILE` and `--debug` go with each.',
    commands.map(({ name, command }) => commandSection(name, command)),
  )
}

function commandSection(name: string, { about, positionals = [], settings, options, examples }: Command): string {
  const usage = ['millrace', name, ...positionals, '[options]'].join(' ')
  const flags = options.map(({ flag, short, value, description }) => [
    code(`${short ? `${short}, ` : ''}${flag}${value ? ` ${value}` : ''}`),
    description,
  ])
  const links = settings.map((key) => `[${code(flagOf(key))}](settings.md#${key.toLowerCase()})`)
  const lines = examples.map(({ command, does }) => `${command}   # ${does}`)
  return [
    `## ${name}`,
    about,
    `\`\`\`\n${usage}\n\`\`\``,
    ...(flags.length > 0 ? [table(['option', 'what it does'], flags)] : []),
    ...(links.length > 0 ? [`Settings: ${links.join(', ')}.`] : []),
    ...(lines.length > 0 ? [`\`\`\`\n${lines.join('\n')}\n\`\`\``] : []),
  ].join('\n\n')
}

async function settingsPage(): Promise<string> {
  const commands = await Promise.all(COMMANDS.map(async ({ name, load }) => ({ name, ...(await load()) })))
  const takers = (key: SettingKey) => commands.filter(({ settings }) => settings.includes(key)).map(({ name }) => name)
  return page(
    'Which settings there are',
    'A value comes from the flag, else from the variable, else from `millrace.config.ts` under the name of the setting, else it is the default. `millrace config` prints each with where its value comes from.',
    SETTING_KEYS.map((key) => settingSection(key, settingInfo(key), takers(key))),
  )
}

function settingSection(key: SettingKey, info: SettingInfo, takers: readonly string[]): string {
  const flags = [`${flagOf(key)} ${info.value}`, ...(info.negatable ? [flagOf(key).replace('--', '--no-')] : [])]
  const more = [
    ...(info.repeated ? ['The flag may be given more than once.'] : []),
    ...(info.adds ? ["It adds to the list of the workspace's own configuration."] : []),
  ]
  const facts = [
    ['flag', info.secret ? 'none: it is a secret' : flags.map(code).join(', ')],
    ['variable', code(variableOf(key))],
    ['default', info.default === undefined ? 'none' : code(info.default)],
    ['commands', takers.map((name) => `[${name}](commands.md#${name})`).join(', ')],
  ]
  return [`## ${key}`, [sentence(info.description), ...more].join(' '), list(facts)].join('\n\n')
}

function errorsPage(): string {
  return page(
    'What an error means, and what to do next',
    'Every error has one of these codes. Its message says what happened and to what. A worker makes a call again by itself where a retry can help; `millrace` ends with the exit code otherwise.',
    ERROR_CODES.map((name) => {
      const error = new MillraceError(name, '')
      const retry = error.retry ? 'may help' : 'does not help'
      return `## ${name}\n\n${adviceOf(error)}\n\n${list([
        ['exit code', String(error.exitCode)],
        ['a retry', retry],
      ])}`
    }),
  )
}

function metricsPage(): string {
  const metrics: readonly MetricDefinition[] = Object.values(METRICS)
  const rows = metrics.map(({ name, type, labels, help }) => [code(name), type, labels.map(code).join(', '), help])
  return page(
    'Which metrics a worker has',
    "What `/metrics` serves to Prometheus ([watching a worker](../metrics.md)). Reasons of quarantine are the texts of the data set's rules, at most 50 for a data set; further reasons count as `other`. `task` is one of `checkpoint`, `optimize`, `clean log`, `vacuum`.",
    [table(['name', 'type', 'labels', 'what'], rows)],
  )
}

function eventsPage(): string {
  const sections = eventsIn(readFileSync(EVENTS, 'utf8')).map(({ name, about, fields }) => {
    const rows = fields.map((field) => [code(field.name), code(field.type), field.about])
    return [
      `## ${name}`,
      ...(about ? [about] : []),
      ...(rows.length > 0 ? [table(['field', 'type', ''], rows)] : []),
    ].join('\n\n')
  })
  return page(
    'Which events a worker has',
    'What `worker.on(name, …)` of [the library](../library.md#a-worker) hands over. Those of one data set have its name in `dataset`. Never is there an event for each record.',
    sections,
  )
}

const page = (title: string, about: string, sections: readonly string[]) =>
  `# ${title}\n\n${MADE}\n\n${[about, ...sections].join('\n\n')}\n`

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |')
  return [line(head), line(head.map(() => '---')), ...rows.map((row) => line(row.map(cell)))].join('\n')
}

/** Returns a list of what is known about a thing, without what is not. */
const list = (facts: readonly (readonly string[])[]) =>
  facts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `- ${name}: ${value}`)
    .join('\n')

/** Returns a text as it may stand in a cell, which a bar would end. */
const cell = (text: string) => text.replaceAll(/(?<!\\)\|/g, '\\|')

const code = (text: string) => `\`${text}\``

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
