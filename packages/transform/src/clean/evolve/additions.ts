import { type Snapshot, schemaOf } from '@millrace/delta'
import type { MessageSchemas, RecordShape } from '@millrace/formats'
import type { Dataset } from '../../dataset/dataset.ts'
import { columnRefusal, differenceOf } from './difference.ts'
import { united } from './evolved-dataset.ts'
import { type Place, placesOf, type StoredPlaces, storedPlaces } from './places.ts'

/** Readers and writers have a price for each column, and for each field within one. */
const MOST_FIELDS = 500

/** Returns the fields that are to become columns, and why records of some schemas have one that can't. */
export function additions(dataset: Dataset, schemas: readonly MessageSchemas[], table: Snapshot) {
  let added: RecordShape = { kind: 'record', fields: {} }
  const refused = new Map<RecordShape, string>()
  const stored = storedPlaces(schemaOf(table.metadata))
  const taken = new Map<string, string>()
  if (dataset.inferred) take(placesOf(dataset.inferred), stored, taken)
  for (const shape of new Set(schemas.flatMap(({ shapes }) => shapes))) {
    const fresh = differenceOf(dataset, shape).added
    const wanted = dataset.inferred ? shape : fresh
    const places = placesOf(wanted)
    const reason = nameRefusal(dataset, fresh) ?? placeRefusal(places, stored, taken)
    if (reason !== undefined) refused.set(shape, reason)
    else {
      take(places, stored, taken)
      added = united(added, wanted)
    }
  }
  return { added, refused }
}

/** Remembers which fields have which places; the first of several keeps it. */
function take(places: readonly Place[], stored: StoredPlaces, taken: Map<string, string>): void {
  for (const place of places) {
    const lower = place.column.toLowerCase()
    if (!taken.has(lower) && !stored.isWithinSimple(place)) taken.set(lower, place.field)
  }
}

function nameRefusal(dataset: Dataset, fresh: RecordShape): string | undefined {
  for (const name of Object.keys(fresh.fields)) {
    const reason = columnRefusal(dataset, name)
    if (reason !== undefined) return cantBecome(name, reason)
  }
  return undefined
}

function placeRefusal(
  places: readonly Place[],
  stored: StoredPlaces,
  taken: ReadonlyMap<string, string>,
): string | undefined {
  const own = new Map<string, string>()
  for (const place of places) {
    const { column, field, within } = place
    if (stored.isWithinSimple(place)) continue
    const lower = column.toLowerCase()
    const before = own.get(lower) ?? taken.get(lower)
    const isTaken = before === undefined ? (stored.columns.get(lower) ?? column) !== column : before !== field
    // A struct that the table does not have yet becomes a text where it can't be stored.
    const isStored = within === undefined || stored.structs.has(within.toLowerCase())
    if (isTaken && isStored) return cantBecome(field, 'another one has that name in other letter case or other signs')
    if (isStored && /(^|\.)(__proto__)?$/.test(field)) return cantBecome(field, 'its name is empty or __proto__')
    own.set(lower, field)
  }
  const fresh = [...own.keys()].filter((lower) => !stored.columns.has(lower) && !taken.has(lower))
  if (fresh.length === 0) return undefined
  const all = new Set([...stored.columns.keys(), ...taken.keys(), ...fresh])
  return all.size > MOST_FIELDS ? `schema: the table would have more than ${MOST_FIELDS} columns` : undefined
}

function cantBecome(field: string, reason: string): string {
  return `schema: field ${field.slice(0, 80)} can't become a column: ${reason}`
}
