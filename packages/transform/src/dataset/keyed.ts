import { decimalType, type StructField, VALID_FROM, VALID_TO } from '@millrace/delta'
import { z } from 'zod'

export const MODES = ['append', 'upsert', 'history'] as const

/** What a table keeps: every row, the newest row of each key, or all versions of each key's row. */
export type Mode = (typeof MODES)[number]

/** How records change the rows of a table that has one for each key. */
export interface Keyed {
  readonly mode: Exclude<Mode, 'append'>
  readonly key: readonly string[]
  /** Columns that say which of two changes is newer, the first one first. None: the one that is read later is newer. */
  readonly sequenceBy: readonly string[]
  /** SQL over a clean row: whether it deletes the row of its key. */
  readonly deleteWhen: string | undefined
  /** Columns that clean.sql gives besides those of the table: the rules above and expectations may use them. */
  readonly notKept: readonly StructField[]
  /** Whether a change that changes nothing but the columns of `sequenceBy` is left out. */
  readonly ignoreEqual: boolean
  /** How long a deleted key is remembered, so that an older change that comes late does not bring its row back. */
  readonly tombstoneRetentionMs: number
}

/** Returns how the data set's table is kept. */
export function modeOf({ keyed }: { readonly keyed?: Keyed }): Mode {
  return keyed?.mode ?? 'append'
}

const HOUR_MS = 3_600_000
const UNITS: Readonly<Record<string, number>> = { hour: HOUR_MS, day: 24 * HOUR_MS }

const Span = z.string().transform((text, context) => {
  const [, count, unit = ''] = /^(\d{1,5}) (hour|day)s?$/.exec(text) ?? []
  if (count !== undefined) return Number(count) * (UNITS[unit] ?? 0)
  context.addIssue('write it as "7 days" or "12 hours"')
  return z.NEVER
})

const Names = z.array(z.string().min(1)).min(1)

/** The properties of dataset.json that say how a table is kept. */
export const KEYED_PROPERTIES = {
  mode: z.enum(MODES).default('append'),
  key: Names.optional(),
  sequenceBy: Names.optional(),
  deleteWhen: z.string().min(1).optional(),
  ignoreEqual: z.boolean().optional(),
  tombstoneRetention: Span.optional(),
}

type Properties = z.infer<z.ZodObject<typeof KEYED_PROPERTIES>>

const DEFAULT_RETENTION_MS = 7 * 24 * HOUR_MS

/** Names that the cleaner gives columns of its own. */
const OWN_PREFIX = 'millrace_'

/** Returns the rules of a keyed table, or undefined for one that rows are appended to. Calls `fault` for what is wrong. */
export function keyedRules(
  properties: Properties,
  kept: readonly StructField[],
  notKept: readonly StructField[],
  fault: (property: string, message: string) => void,
): Keyed | undefined {
  const { mode, key = [], sequenceBy = [], deleteWhen, ignoreEqual = false, tombstoneRetention } = properties
  if (mode === 'append') {
    for (const name of ['key', 'sequenceBy', 'deleteWhen', 'ignoreEqual', 'tombstoneRetention'] as const) {
      if (properties[name] !== undefined) fault(name, 'only "mode": "upsert" or "history" has it')
    }
    if (notKept.length > 0) fault('columns', `in "mode": "append" every column is kept, also ${namesOf(notKept)}`)
    return undefined
  }
  if (key.length === 0) fault('key', `"mode": "${mode}" needs the columns of the key`)
  if (mode === 'history' && sequenceBy.length === 0) {
    fault('sequenceBy', '"mode": "history" needs the columns that say from when on a change holds')
  }
  checkNames('key', key, kept, notKept, fault)
  checkNames('sequenceBy', sequenceBy, kept, notKept, fault)
  for (const name of key.filter((name) => sequenceBy.includes(name))) fault('sequenceBy', `${name} is in the key`)
  const reserved: readonly string[] = mode === 'history' ? [VALID_FROM, VALID_TO] : []
  for (const { name } of [...kept, ...notKept]) {
    if (name.startsWith(OWN_PREFIX) || reserved.includes(name)) fault('columns', `${name} is a name of Millrace's own`)
  }
  return {
    ...{ mode, key, sequenceBy, deleteWhen, notKept, ignoreEqual },
    tombstoneRetentionMs: tombstoneRetention ?? DEFAULT_RETENTION_MS,
  }
}

function checkNames(
  property: 'key' | 'sequenceBy',
  names: readonly string[],
  kept: readonly StructField[],
  notKept: readonly StructField[],
  fault: (property: string, message: string) => void,
): void {
  for (const [i, name] of names.entries()) {
    const column = kept.find((field) => field.name === name)
    if (names.indexOf(name) < i) fault(property, `${name} is named twice`)
    else if (notKept.some((field) => field.name === name))
      fault(property, `${name} must be kept: rows are compared by it`)
    else if (!column) fault(property, `there is no column ${name}; the columns are ${namesOf(kept)}`)
    else if (!hasOrder(column)) fault(property, `column ${name} can't be compared: ${typeName(column)}`)
  }
}

/** NaN and the two zeros make floating numbers no keys; lists, maps and structs have no bounds to find them by. */
const COMPARED = /^(string|long|integer|short|byte|boolean|date|timestamp|timestamp_ntz)$/

function hasOrder({ type }: StructField): boolean {
  return typeof type === 'string' && (COMPARED.test(type) || decimalType(type) !== undefined)
}

const typeName = ({ type }: StructField) => (typeof type === 'string' ? type : type.type)
const namesOf = (fields: readonly StructField[]) => fields.map(({ name }) => name).join(', ')
