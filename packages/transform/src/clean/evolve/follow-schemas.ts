import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import type { Snapshot } from '@millrace/delta'
import type { MessageSchemas, ReadMessages, RecordShape, RejectedMessage } from '@millrace/formats'
import type { Dataset } from '../../dataset/dataset.ts'
import { namesOf } from '../../dataset/fields.ts'
import { columnName } from '../../infer/typed.ts'
import { withMetadataFields } from '../metadata.ts'
import { knownNames } from '../sql/queries.ts'
import { isOwnMember } from '../unknown-fields.ts'
import type { RecordName } from '../work.ts'
import { additions } from './additions.ts'
import { differenceOf } from './difference.ts'
import { withFields } from './evolved-dataset.ts'
import { type Known, knownIn, knownInType, type Members, unknownIn } from './members.ts'
import { unknownMembers } from './unknown-members.ts'

/** The data set as the records of some blocks have it, and the blocks with what it rejects because of their schemas. */
export interface Followed {
  readonly dataset: Dataset
  readonly read: readonly ReadMessages[]
}

/**
 * Goes by the schemas of the messages, as the data set's `onSchemaChange` says. `table` is where the rows go, if it takes
 * columns that come with them.
 */
export type FollowSchemas = (
  dataset: Dataset,
  read: readonly ReadMessages[],
  table: Snapshot | undefined,
  nameOf: RecordName,
  connection: DuckDBConnection,
) => Promise<Followed>

/** Data sets made that are kept, so that each is prepared once. */
const MOST_KEPT = 32

export function createFollowing(): FollowSchemas {
  const made = new WeakMap<Dataset, Map<string, Promise<Dataset>>>()
  const evolved = (dataset: Dataset, added: RecordShape, table: Snapshot, connection: DuckDBConnection) => {
    const all = made.get(dataset) ?? new Map<string, Promise<Dataset>>()
    made.set(dataset, all)
    const key = JSON.stringify([added, table.metadata.schemaString, table.metadata.configuration])
    const before = all.get(key)
    if (before) return before
    if (all.size >= MOST_KEPT) all.clear()
    const fresh = withFields(dataset, added, table, connection)
    fresh.catch(() => all.delete(key))
    all.set(key, fresh)
    return fresh
  }
  return async (dataset, read, table, nameOf, connection) => {
    const { onSchemaChange: policy } = dataset
    if (!policy || (policy === 'evolve' && !table)) return { dataset, read }
    const known = knownMembers(dataset)
    const schemas = read.map((block) => schemasOf(block, known, policy))
    if (policy === 'evolve' && table) {
      const { added, refused } = additions(dataset, schemas, table)
      return {
        dataset: await evolved(dataset, added, table, connection),
        read: withRejected(read, schemas, (shape) => refused.get(shape)),
      }
    }
    const shapes = schemas.flatMap((each) => each.shapes)
    const reasons = new Map(shapes.map((shape) => [shape, changeOf(dataset, shape, known)]))
    if (policy === 'stop') refuseChanged(dataset, schemas, reasons, nameOf)
    return { dataset, read: withRejected(read, schemas, (shape) => reasons.get(shape)) }
  }
}

/** Messages without a schema have the members that they have. */
function schemasOf(
  { lines, schemas }: ReadMessages,
  known: Members,
  policy: Dataset['onSchemaChange'],
): MessageSchemas {
  return schemas?.() ?? unknownMembers(lines, known, policy === 'evolve' ? 'pass' : 'count')
}

/**
 * Of a data set that somebody wrote, what comes within its fields is for its clean.sql to know, unless it is to be strict:
 * then a field has the members that its column has.
 */
function knownMembers(dataset: Dataset): Members {
  const { inferred, onSchemaChange: policy, fields, schema } = dataset
  const known = new Map<string, Known>(knownNames(withMetadataFields(dataset)).map((name) => [name, 'all']))
  for (const [name, shape] of Object.entries(inferred?.fields ?? {}))
    if (known.has(name)) known.set(name, knownIn(shape))
  if (policy !== 'evolve') {
    const columns = new Map(schema.fields.map(({ name, type }) => [name.toLowerCase(), type]))
    for (const field of fields) {
      const type = columns.get(columnName(field.name).toLowerCase())
      for (const name of namesOf(field)) if (type) known.set(name, knownInType(type))
    }
  }
  return { get: (name) => known.get(name) ?? (isOwnMember(dataset, name) ? 'all' : undefined) }
}

/** Returns how a schema differs from what the data set says; undefined where it does not. */
function changeOf(dataset: Dataset, shape: RecordShape, known: Members): string | undefined {
  const { added, changed } = differenceOf(dataset, shape)
  const [unknown = unknownWithin(shape, known)] = Object.keys(added.fields)
  if (unknown !== undefined) return `schema: field ${unknown.slice(0, 80)} is not known to the data set`
  return changed.length === 0 ? undefined : `schema: field ${changed[0]} has another type than the data set says`
}

/** Returns the first field within those that the data set has which is not known. */
function unknownWithin({ fields }: RecordShape, known: Members): string | undefined {
  const found = Object.entries(fields).map(([name, inner]) => unknownIn(inner, known.get(name) ?? 'all', name))
  return found.find((each) => each !== undefined)
}

function refuseChanged(
  { name }: Dataset,
  schemas: readonly MessageSchemas[],
  reasons: ReadonlyMap<RecordShape, string | undefined>,
  nameOf: RecordName,
): void {
  for (const [block, { shapes, of }] of schemas.entries()) {
    const index = of.findIndex((at) => at >= 0 && reasons.get(shapes[at] as RecordShape) !== undefined)
    if (index < 0) continue
    const reason = reasons.get(shapes[of[index] as number] as RecordShape)
    throw new MillraceError('RECORD_INVALID', `data set ${name}: ${nameOf(block, index)}: ${reason}`, {
      next: 'Write the change into the data set, or choose another onSchemaChange.',
    })
  }
}

function withRejected(
  read: readonly ReadMessages[],
  schemas: readonly MessageSchemas[],
  reasonOf: (shape: RecordShape) => string | undefined,
): readonly ReadMessages[] {
  return read.map((block, i) => {
    const { shapes, of } = schemas[i] as MessageSchemas
    const reasons = shapes.map(reasonOf)
    if (reasons.every((reason) => reason === undefined)) return block
    const rejected: RejectedMessage[] = [...block.rejected]
    const known = new Set(rejected.map(({ index }) => index))
    for (const [index, at] of of.entries()) {
      const reason = at < 0 ? undefined : reasons[at]
      if (reason !== undefined && !known.has(index)) rejected.push({ index, reason })
    }
    return { ...block, rejected: rejected.sort((a, b) => a.index - b.index) }
  })
}
