import type { DataType, StructType } from '@millrace/delta'
import type { RecordShape, Shape } from '@millrace/formats'
import { columnName } from '../../infer/typed.ts'

/** A field at any depth: the names on the way to it, in records and in the table. */
export interface Place {
  readonly field: string
  readonly column: string
  /** The way to the struct that it is in; undefined for a column of the table. */
  readonly within: string | undefined
}

/** Returns all fields of a shape, those that others are in first. */
export function placesOf(shape: RecordShape, above?: Pick<Place, 'field' | 'column'>): Place[] {
  return Object.entries(shape.fields).flatMap(([name, inner]) => {
    const [field, column] = [name, columnName(name)]
    const place: Place = above
      ? { field: `${above.field}.${field}`, column: `${above.column}.${column}`, within: above.column }
      : { field, column, within: undefined }
    return [place, ...placesIn(inner, place)]
  })
}

function placesIn(shape: Shape, { field, column }: Pick<Place, 'field' | 'column'>): Place[] {
  if (shape.kind === 'list') return placesIn(shape.items, { field: `${field}[]`, column: `${column}[]` })
  if (shape.kind === 'map') return placesIn(shape.values, { field: `${field}{}`, column: `${column}{}` })
  return shape.kind === 'record' ? placesOf(shape, { field, column }) : []
}

/** What a table has, in lower case: the ways to its columns and to the fields in them. */
export interface StoredPlaces {
  /** Each with the way as it is written. */
  readonly columns: ReadonlyMap<string, string>
  readonly structs: ReadonlySet<string>
  /** Whether a field is in what the table has as a text or another simple value, whatever else is in it. */
  isWithinSimple(place: Place): boolean
}

export function storedPlaces(schema: StructType): StoredPlaces {
  const columns = new Map<string, string>()
  const [structs, simple] = [new Set<string>(), new Set<string>()]
  const enter = (type: DataType, path: string): void => {
    if (typeof type === 'string') simple.add(path.toLowerCase())
    else if (type.type === 'array') enter(type.elementType, `${path}[]`)
    else if (type.type === 'map') enter(type.valueType, `${path}{}`)
    else {
      structs.add(path.toLowerCase())
      enterFields(type, `${path}.`)
    }
  }
  const enterFields = ({ fields }: StructType, above: string): void => {
    for (const { name, type } of fields) {
      columns.set(`${above}${name}`.toLowerCase(), above + name)
      enter(type, above + name)
    }
  }
  enterFields(schema, '')
  return {
    columns,
    structs,
    isWithinSimple({ within = '' }) {
      for (let path = within.toLowerCase(); path !== ''; path = path.replace(LAST_STEP, ''))
        if (simple.has(path)) return true
      return false
    },
  }
}

/** A name, or the step into a list or a map; a name alone is the first step. */
const LAST_STEP = /(\[\]|\{\}|(^|\.)[^.[{]*)$/
