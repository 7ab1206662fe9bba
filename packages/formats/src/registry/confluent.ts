import type { HttpRegistry } from './address.ts'
import { confluentHeader } from './headers.ts'
import { MOST_REFERENCES, MOST_REFERRED_BYTES, type Registry, type RegistrySchema } from './registry.ts'
import { getJson } from './request.ts'

interface Stored {
  readonly schema: string
  readonly schemaType?: string
  readonly references?: readonly Reference[]
}

interface Reference {
  readonly name: string
  readonly subject: string
  readonly version: number
}

/** A registry that speaks Confluent's API. */
export function confluentRegistry(address: HttpRegistry): Registry {
  return {
    header: confluentHeader(),
    async schemaOf(id) {
      if (typeof id === 'string') return schemaAt(address, `/schemas/guids/${id}`, TYPES)
      return id > LARGEST_ID ? undefined : schemaAt(address, `/schemas/ids/${id}`)
    },
    latestOf: (topic) => schemaAt(address, `/subjects/${encodeURIComponent(`${topic}-value`)}/versions/latest`),
    async probe() {
      await getJson(address, TYPES)
    },
  }
}

/** What every such registry has. Not all know schemas by UUIDs. */
const TYPES = '/schemas/types'

/** Ids have a sign there. */
const LARGEST_ID = 2 ** 31 - 1

async function schemaAt(address: HttpRegistry, path: string, known?: string): Promise<RegistrySchema | undefined> {
  const stored = asStored(await getJson(address, path, known))
  if (!stored) return undefined
  const references = await referencesOf(address, stored)
  return { type: stored.schemaType ?? 'AVRO', text: stored.schema, references }
}

/** Returns all schemas that one refers to, directly or not, each once and after those that it refers to itself. */
async function referencesOf(address: HttpRegistry, stored: Stored): Promise<RegistrySchema['references']> {
  const found = new Map<string, { readonly name: string; readonly text: string }>()
  const asked = new Set<string>()
  let bytes = 0
  const collect = async ({ references = [] }: Stored): Promise<void> => {
    for (const { name, subject, version } of references) {
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`
      if (asked.has(path) || asked.size >= MOST_REFERENCES || bytes > MOST_REFERRED_BYTES) continue
      asked.add(path)
      const referred = asStored(await getJson(address, path))
      if (!referred) continue
      bytes += referred.schema.length
      await collect(referred)
      found.set(path, { name, text: referred.schema })
    }
  }
  await collect(stored)
  return [...found.values()]
}

function asStored(answer: unknown): Stored | undefined {
  return typeof answer === 'object' && answer !== null && typeof (answer as Stored).schema === 'string'
    ? (answer as Stored)
    : undefined
}
