import type { SchemaKey } from './headers.ts'
import type { Registry, RegistrySchema } from './registry.ts'

/** Schemas by id, made ready; each is asked for once, however many messages name it. */
export interface KnownSchemas<T> {
  /** What the registry has said; a text is why messages of that schema are rejected. */
  readonly known: ReadonlyMap<SchemaKey, T | string>
  /**
   * Asks for those that are not known. What the registry does not have is not kept, for it may have it later. Fails
   * where the registry does not answer.
   */
  learn(ids: Iterable<SchemaKey>): Promise<void>
}

/** Random ids in hostile messages make no more requests at a time. */
const AT_ONCE = 8

export function knownSchemas<T>(registry: Registry, prepare: (schema: RegistrySchema) => T | string): KnownSchemas<T> {
  const known = new Map<SchemaKey, T | string>()
  const asking = new Map<SchemaKey, Promise<void>>()

  const ask = async (id: SchemaKey) => {
    const schema = await registry.schemaOf(id)
    if (schema) known.set(id, prepare(schema))
  }
  const askOnce = (id: SchemaKey) => {
    const asked = asking.get(id) ?? ask(id).finally(() => asking.delete(id))
    asking.set(id, asked)
    return asked
  }
  return {
    known,
    async learn(ids) {
      const rest = ids[Symbol.iterator]()
      const next = async () => {
        for (let { value, done } = rest.next(); !done; { value, done } = rest.next()) await askOnce(value)
      }
      await Promise.all(Array.from({ length: AT_ONCE }, next))
    },
  }
}
