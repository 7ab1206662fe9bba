import { z } from 'zod'
import { attachedOutputs, named } from './attached-outputs.ts'
import type { Config } from './config.ts'
import { EACH_ITS_OWN, type SettingKey } from './keys.ts'
import { tableNames } from './table-names.ts'

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

const duration = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h)$/, 'is not a time like 500ms, 10s or 1m')
  .transform((text) => Number.parseFloat(text) * UNITS[text.replace(/[\d.]/g, '') as keyof typeof UNITS])
  .refine((milliseconds) => milliseconds > 0, 'must be more than zero')

const rate = z
  .string()
  .regex(/^\d+(\.\d+)?\/(s|m|h)$/, 'is not a rate like 1000/s')
  .transform((text) => (Number.parseFloat(text) * 1000) / UNITS[text.slice(-1) as 's' | 'm' | 'h'])
  .refine((perSecond) => perSecond > 0, 'must be more than zero')

const positiveInteger = z
  .union([z.int(), z.string().regex(/^\d+$/).transform(Number)], 'is not a whole number')
  .refine((number) => number > 0 && Number.isSafeInteger(number), 'must be at least 1')

const name = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/, 'is not a name of letters, digits, `_`, `-` and `.`')

const nameList = z
  .union([z.array(name), z.string().transform((text) => text.split(',').map((part) => part.trim()))])
  .pipe(z.array(name))
  .refine((names) => new Set(names).size === names.length, 'names one twice')

const PART = /^[A-Za-z0-9_][A-Za-z0-9._-]*(\[[^=\][,]+=[^\][,]+\])?$/

/** A topic, one of the kinds in it (events[key=order] or events[type=order]), or a pattern between slashes. */
const part = z
  .string()
  .refine((text) => isPattern(text) || PART.test(text), 'is neither a topic nor one kind of it, like events[key=order]')
  .refine((text) => !isPattern(text) || isRegularExpression(text.slice(1, -1)), 'is no regular expression')

const isPattern = (text: string) => text.length > 2 && text.startsWith('/') && text.endsWith('/')

function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text, 'u')
    return true
  } catch {
    return false
  }
}

const datasetOrEach = z.union([name, z.string().regex(/^\*$/)], 'is no name of a data set')

const LIST = /^[^=,]+=[^,]+(,[^=,]+=[^,]+)*$/
/** A name alone is a list of which the half was forgotten. */
const NOT_A_NAME = /[^A-Za-z0-9_-]/
const NO_LIST = 'is not a list like orders=NAME,customers=NAME'

/** a=NAME,b=NAME (a data set can be there again), or in the configuration file { a: 'NAME', b: ['NAME', …] }. */
const listsByName = z
  .union([
    z.record(name, z.union([z.string().transform((text) => [text]), z.array(z.string())])),
    z.string().regex(LIST, NO_LIST).transform(pairsOf),
  ])
  .pipe(z.record(name, z.array(z.string().min(1))))

/** A pattern alone stands for topics that have a table each. */
const topicMap = z
  .union([
    z.record(datasetOrEach, z.union([z.string().transform((text) => [text]), z.array(z.string())])),
    z
      .string()
      .refine((text) => (text.includes('=') ? LIST : NOT_A_NAME).test(text), NO_LIST)
      .transform((text) => (text.includes('=') ? pairsOf(text) : { [EACH_ITS_OWN]: [`/${text}/`] })),
  ])
  .pipe(z.record(datasetOrEach, z.array(part)))

function pairsOf(text: string): Record<string, string[]> {
  const pairs: Record<string, string[]> = {}
  for (const pair of text.split(',').map((each) => each.trim())) {
    const at = pair.indexOf('=')
    const dataset = pair.slice(0, at)
    pairs[dataset] = [...(pairs[dataset] ?? []), pair.slice(at + 1)]
  }
  return pairs
}

/** a=NAME,b=NAME, or in the configuration file { a: 'NAME' }. */
const nameMap = z
  .union([
    z.record(name, name),
    z
      .string()
      .regex(/^[^=,]+=[^=,]+(,[^=,]+=[^=,]+)*$/, 'is not a list like orders=NAME,customers=NAME')
      .transform((text) =>
        Object.fromEntries(text.split(',').map((pair) => pair.trim().split('=') as [string, string])),
      ),
  ])
  .pipe(z.record(name, name))

const DAY = /^\d{4}-\d\d-\d\d$/
const MOMENT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/

/** A time without a zone is UTC. */
const start = z.union(
  [
    z.enum(['earliest', 'latest']),
    z
      .string()
      .refine((text) => DAY.test(text) || MOMENT.test(text))
      .transform((text) => Date.parse(DAY.test(text) || /(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`))
      .refine((time) => !Number.isNaN(time))
      .transform((time) => ({ time })),
  ],
  'is neither earliest, latest, nor a time like 2026-11-01 or 2026-11-01T12:30:00Z',
)

/** A share, from 0 to 1. */
const percentage = z
  .string()
  .regex(/^\d+(\.\d+)?%$/, 'is not a share like 10%')
  .transform((text) => Number.parseFloat(text) / 100)
  .refine((share) => share <= 1, 'is more than 100%')

const listen = z
  .string()
  .regex(/^([^:\s]+|\[[^\]\s]+\]):\d{1,5}$/, 'is not an address like 127.0.0.1:4680')
  .transform((text) => {
    const colon = text.lastIndexOf(':')
    return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) }
  })
  .refine(({ port }) => port <= 65_535, 'has no such port')

const size = z
  .string()
  .regex(/^\d+(kb|mb)$/i, 'is not a size like 512kb or 16mb')
  .transform((text) => Number.parseInt(text, 10) * (text.toLowerCase().endsWith('kb') ? 1 << 10 : 1 << 20))
  .refine((bytes) => bytes > 0 && bytes <= 1 << 30, 'is not from 1kb to 1024mb')

/** `true`: on the usual address, or the next free port; an address: there or not at all. */
const dashboard = z.union(
  [z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true'), listen],
  'is not an address like 127.0.0.1:4680',
)

const place = z.string().trim().min(1, 'is empty')

const placeList = z
  .union([z.array(place), z.string().transform((text) => text.split(',').map((part) => part.trim()))])
  .pipe(z.array(place))

const hostNameList = z
  .union([z.array(z.string()), z.string().transform((text) => text.split(',').map((part) => part.trim()))])
  .pipe(z.array(z.string().regex(/^[A-Za-z0-9._-]{1,253}$/, 'is not a list of host names')))

const keyList = placeList.refine((keys) => new Set(keys).size === keys.length, 'names one twice')

const fields = {
  source: place,
  lake: place,
  outputs: placeList.pipe(z.array(place).min(1, 'names nothing')),
  detach: placeList.default([]),
  allowPath: placeList.default([]),
  datasets: nameList,
  datasetFolders: placeList.default([]),
  questionFolders: placeList.default([]),
  registry: place.optional(),
  databaseTables: nameMap.default({}),
  topics: topicMap.optional(),
  template: name.optional(),
  tables: nameMap.optional(),
  nullColumns: listsByName.default({}),
  group: name,
  member: name.optional(),
  start,
  every: duration,
  dailyCommits: positiveInteger,
  maxRows: positiveInteger,
  maxRefused: percentage,
  dashboard,
  logLevel: z.enum(['debug', 'info', 'warn', 'error'], 'is none of debug, info, warn, error'),
  raw: place.optional(),
  out: place,
  engine: z.enum(['duckdb', 'trino'], 'is neither duckdb nor trino'),
  trino: place.optional(),
  from: place,
  to: place,
  mode: z.enum(['random', 'all'], 'is neither random nor all'),
  rate: rate.optional(),
  listen,
  hostNames: hostNameList.default([]),
  dashboardToken: place.optional(),
  keyFile: place.optional(),
  gatewayKeys: keyList.optional(),
  recordPaths: nameList.default([]),
  maxBody: size,
} satisfies { [K in SettingKey]: z.ZodType<unknown, Config[K]> }

export const settingsSchema = z.strictObject(fields).superRefine((settings, context) => {
  const { topics, tables, datasets, outputs, detach } = settings
  if (datasets.length === 0 && topics?.[EACH_ITS_OWN] === undefined) {
    context.addIssue({ code: 'custom', path: ['datasets'], message: 'names nothing' })
  }
  const unknown = detach.find((name) => named(name, outputs).length === 0)
  if (unknown !== undefined) {
    context.addIssue({ code: 'custom', path: ['detach'], message: `names ${unknown}, which is no output` })
  } else if (detach.length > 0 && attachedOutputs(settings).attached.length === 0) {
    context.addIssue({ code: 'custom', path: ['detach'], message: 'leaves no output' })
  }
  const stranger = Object.keys(topics ?? {}).find((dataset) => dataset !== EACH_ITS_OWN && !datasets.includes(dataset))
  if (stranger !== undefined) {
    context.addIssue({ code: 'custom', path: ['topics'], message: `names ${stranger}, which is not in \`datasets\`` })
  }
  const names = datasets.map(tableNames({ tables }))
  const shared = names.find((table, i) => names.indexOf(table) !== i)
  if (shared === undefined) return
  const message = `gives the table ${shared} to ${datasets.filter((_, i) => names[i] === shared).join(' and ')}`
  context.addIssue({ code: 'custom', path: ['tables'], message })
})

export type Settings = Readonly<z.output<typeof settingsSchema>>
