import { holdsSecret, MillraceError, nearest } from '@millrace/base'
import type { z } from 'zod'
import { CONFIG_FILE, readConfigFile, readOwnConfig } from './config-file.ts'
import { addExtensions } from './extensions.ts'
import { inTheClear } from './in-the-clear.ts'
import {
  EACH_ITS_OWN,
  flagOf,
  SECRET_VARIABLES,
  SETTING_KEYS,
  type SettingKey,
  settingInfo,
  variableOf,
} from './keys.ts'
import { OWN_CONFIG } from './own-config.ts'
import { type Settings, settingsSchema } from './schema.ts'

interface Origin {
  readonly kind: 'flag' | 'environment' | 'file' | 'default' | 'unset'
  /** The flag, the variable or the file, for people. */
  readonly name: string
}

export interface ResolvedSettings {
  readonly values: Settings
  /** The settings as the user wrote them. */
  readonly written: Readonly<Record<SettingKey, unknown>>
  readonly origins: Readonly<Record<SettingKey, Origin>>
}

/** Returns warnings about the settings that a command uses. */
export function warningsOf(
  { written, origins }: ResolvedSettings,
  used: readonly SettingKey[],
  environment: NodeJS.ProcessEnv,
): string[] {
  const exposed = used.flatMap((key) => {
    const value = written[key]
    const why = typeof value === 'string' ? inTheClear(key, value, environment) : undefined
    return why === undefined ? [] : [`setting \`${key}\` (from ${origins[key].name}): ${why}`]
  })
  const hasNoKeys = used.includes('keyFile') && written.keyFile === undefined && written.gatewayKeys === undefined
  return hasNoKeys && environment.MILLRACE_GATEWAY_KEY ? [...exposed, OTHER_KEY] : exposed
}

const OTHER_KEY =
  'MILLRACE_GATEWAY_KEY is the key that ingest sends; those that a gateway lets in are in MILLRACE_GATEWAY_KEYS'

export interface SettingInputs {
  readonly flags: Readonly<Partial<Record<SettingKey, unknown>>>
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly configFile: string | undefined
}

interface Found {
  readonly value: unknown
  readonly origin: Origin
}

/** Flags, then the environment, then the configuration file, then our own one, then the defaults. */
export async function resolveSettings(inputs: SettingInputs): Promise<ResolvedSettings> {
  refuseMisspeltVariables(inputs.environment)
  const fileName = inputs.configFile ?? CONFIG_FILE
  const { extensions, ...file } = (await readConfigFile(inputs.configFile)) ?? {}
  await addExtensions(extensions, fileName)
  refuseUnknownKeys(file, fileName)
  const hasOwnDatasets = findOutside('datasetFolders', inputs, file, fileName) !== undefined
  const own = OWN_CONFIG.isExample && hasOwnDatasets ? {} : await readOwnConfig()
  const found = Object.fromEntries(
    SETTING_KEYS.map((key) => [key, find(key, inputs, file, fileName, own)] as const),
  ) as Record<SettingKey, Found>
  found.datasets = await allUnlessSaid(found)
  refuseSecrets(found)
  const values = validate(found)
  await refuseTablesOfNone(values, found)
  return {
    values,
    written: mapValues(found, ({ value }) => value),
    origins: mapValues(found, ({ origin }) => origin),
  }
}

type FileSettings = Readonly<Record<string, unknown>>

function find(
  key: SettingKey,
  inputs: SettingInputs,
  file: FileSettings,
  fileName: string,
  ownConfig: FileSettings,
): Found {
  const found = findOutside(key, inputs, file, fileName)
  const own = ownConfig[key]
  if (found === undefined) {
    if (own !== undefined) return { value: own, origin: { kind: 'file', name: OWN_CONFIG.name } }
    const fallback = settingInfo(key).default
    if (fallback !== undefined) return { value: fallback, origin: { kind: 'default', name: 'default' } }
    return { value: undefined, origin: { kind: 'unset', name: 'not set' } }
  }
  return settingInfo(key).adds && own !== undefined
    ? { ...found, value: [...listOf(found.value), ...listOf(own)] }
    : found
}

function listOf(value: unknown): unknown[] {
  return typeof value === 'string' ? value.split(',') : [value].flat()
}

/** Returns the setting from flags, environment or file; undefined if none has it. */
function findOutside(key: SettingKey, inputs: SettingInputs, file: FileSettings, fileName: string): Found | undefined {
  const flag = inputs.flags[key]
  if (flag !== undefined) return { value: flag, origin: { kind: 'flag', name: flagOf(key) } }
  const variable = variableOf(key)
  const fromEnvironment = inputs.environment[variable]
  if (fromEnvironment) return { value: fromEnvironment, origin: { kind: 'environment', name: variable } }
  if (file[key] !== undefined) return { value: file[key], origin: { kind: 'file', name: fileName } }
  return undefined
}

/** Whether a pattern finds topics that have a data set each. */
function isForEach(topics: unknown): boolean {
  if (typeof topics === 'string') return !topics.includes('=')
  return typeof topics === 'object' && topics !== null && EACH_ITS_OWN in topics
}

function namedIn(topics: unknown): string[] {
  return typeof topics === 'object' && topics !== null ? Object.keys(topics).filter((key) => key !== EACH_ITS_OWN) : []
}

/** Unless data sets are named, they are all that the data set folders hold; none where a pattern finds topics. */
async function allUnlessSaid({ datasets, datasetFolders, topics }: Record<SettingKey, Found>): Promise<Found> {
  const isOurs = datasets.origin.name === OWN_CONFIG.name
  if (isForEach(topics.value) && (datasets.value === undefined || isOurs))
    return { value: namedIn(topics.value), origin: { kind: 'default', name: 'default' } }
  if (datasets.value !== undefined) return datasets
  const { datasetNames } = await import('@millrace/transform')
  const names = await datasetNames(listOf(datasetFolders.value ?? []).map((folder) => String(folder).trim()))
  return { value: names, origin: { kind: 'default', name: 'default' } }
}

/** A data set may have a table without being among those that the command is about. */
async function refuseTablesOfNone(
  { tables = {}, datasets, datasetFolders }: Settings,
  found: Record<SettingKey, Found>,
) {
  const others = Object.keys(tables).filter((dataset) => !datasets.includes(dataset))
  if (others.length === 0) return
  const { datasetNames } = await import('@millrace/transform')
  const known = await datasetNames(datasetFolders)
  const stranger = others.find((dataset) => !known.includes(dataset))
  if (stranger === undefined) return
  const { value, origin } = found.tables
  const shown = JSON.stringify(value)
  throw new MillraceError(
    'CONFIG_INVALID',
    `setting \`tables\` (from ${origin.name}): ${shown} names ${stranger}, and there is no data set of that name`,
    { next: `Data sets are ${[...new Set([...datasets, ...known])].join(', ')}.` },
  )
}

function validate(found: Record<SettingKey, Found>): Settings {
  const result = settingsSchema.safeParse(mapValues(found, ({ value }) => value))
  if (result.success) return result.data
  const problems = result.error.issues.map((issue) => describe(issue, found))
  throw new MillraceError('CONFIG_INVALID', problems.join('\n'))
}

function describe(issue: z.core.$ZodIssue, found: Record<SettingKey, Found>): string {
  const key = issue.path[0] as SettingKey
  const { value, origin } = found[key]
  const shown = settingInfo(key).secret ? 'its value' : (JSON.stringify(value) ?? String(value))
  return `setting \`${key}\` (from ${origin.name}): ${shown} ${issue.message}`
}

function refuseUnknownKeys(file: Record<string, unknown>, fileName: string): void {
  const unknown = Object.keys(file).find((key) => !SETTING_KEYS.includes(key as SettingKey))
  if (unknown === undefined) return
  const meant = nearest(unknown, SETTING_KEYS)
  throw new MillraceError('CONFIG_INVALID', `${fileName} has an unknown setting \`${unknown}\``, {
    next: meant ? `Did you mean \`${meant}\`?` : `Settings are ${SETTING_KEYS.join(', ')}.`,
  })
}

/** Refuses near misses of our variables; other MILLRACE_ variables may belong to other tools. */
function refuseMisspeltVariables(environment: SettingInputs['environment']): void {
  const known = SETTING_KEYS.map(variableOf)
  for (const variable of Object.keys(environment)) {
    if (!variable.startsWith('MILLRACE_') || known.includes(variable) || SECRET_VARIABLES.has(variable)) continue
    const meant = nearest(
      variable.slice('MILLRACE_'.length),
      known.map((name) => name.slice('MILLRACE_'.length)),
    )
    if (meant === undefined) continue
    throw new MillraceError('CONFIG_INVALID', `the environment has an unknown setting ${variable}`, {
      next: `Did you mean MILLRACE_${meant}?`,
    })
  }
}

function refuseSecrets(found: Record<SettingKey, Found>): void {
  for (const key of SETTING_KEYS) {
    const { value, origin } = found[key]
    if (settingInfo(key).secret || !textsIn(value).some(holdsSecret)) continue
    throw new MillraceError(
      'SECRET_IN_URL',
      `setting \`${key}\` (from ${origin.name}) holds an address with a secret in it`,
    )
  }
}

/** Returns the texts of a value: of a list, a map, or a text with commas. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value, ...value.split(',').map((part) => part.trim())]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

function mapValues<V, W>(record: Record<SettingKey, V>, change: (value: V) => W): Record<SettingKey, W> {
  return Object.fromEntries(SETTING_KEYS.map((key) => [key, change(record[key])])) as Record<SettingKey, W>
}
