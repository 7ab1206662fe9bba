import { type StructField, type StructType, TIME_PARTS, type TimePart, timePartColumn } from '@millrace/delta'
import { z } from 'zod'

/** How the rows of a table lie in its files. */
export interface Layout {
  /** Columns of the table that each have a folder for each of their values. */
  readonly partitionBy: readonly string[]
  /** Partition columns that are filled by themselves, with the day or the hour of a time. */
  readonly timeParts: readonly StructField[]
  /** Columns by which the rows of each file are sorted. */
  readonly sortBy: readonly string[]
}

const NAMES = z.array(z.string().min(1)).default([])

export const LAYOUT_PROPERTIES = { partitionBy: NAMES, sortBy: NAMES }

type Fault = (property: string, message: string) => never

/** Checks what a data set says of its table's layout. Returns undefined where it says nothing. */
export function layoutRules(
  { partitionBy, sortBy }: z.infer<z.ZodObject<typeof LAYOUT_PROPERTIES>>,
  { fields }: StructType,
  isKeyed: boolean,
  fault: Fault,
): Layout | undefined {
  if (partitionBy.length === 0 && sortBy.length === 0) return undefined
  if (isKeyed && sortBy.length > 0) fault('sortBy', 'the files of a keyed table are sorted by its key')
  const timeParts: StructField[] = []
  const columns = partitionBy.map((text) => {
    const [, part, column] = /^(\w+)\((.+)\)$/.exec(text) ?? []
    if (part === undefined || column === undefined) return columnNamed(text, 'partitionBy', fields, fault).name
    if (isKeyed) fault('partitionBy', `a keyed table is partitioned by its columns: give ${text} a column of its own`)
    if (!isTimePart(part)) fault('partitionBy', `there is no ${part} of a column; there are ${TIME_PARTS.join(', ')}`)
    const of = columnNamed(column, 'partitionBy', fields, fault)
    if (!/^timestamp/.test(String(of.type)) && !(part === 'day' && of.type === 'date'))
      fault('partitionBy', `${column} is no time`)
    const name = `${column}_${part}`
    if (fields.some((other) => other.name.toLowerCase() === name.toLowerCase()))
      fault('partitionBy', `${text} would be the column ${name}, which is there already`)
    timeParts.push(timePartColumn(name, part, column))
    return name
  })
  if (new Set(columns).size < columns.length) fault('partitionBy', 'names one twice')
  for (const name of sortBy) {
    const { type } = columnNamed(name, 'sortBy', fields, fault)
    if (typeof type === 'object') fault('sortBy', `${name} has no order: it is a ${type.type}`)
  }
  if (new Set(sortBy).size < sortBy.length) fault('sortBy', 'names one twice')
  return { partitionBy: columns, timeParts, sortBy }
}

function isTimePart(text: string): text is TimePart {
  return TIME_PARTS.some((part) => part === text)
}

function columnNamed(name: string, property: string, fields: readonly StructField[], fault: Fault): StructField {
  const names = fields.map((field) => field.name).join(', ')
  return (
    fields.find((field) => field.name === name) ?? fault(property, `there is no column ${name}; there are ${names}`)
  )
}
