import type { RegistryAddress } from './address.ts'
import { getJson } from './request.ts'

export interface RegistrySchema {
  /** AVRO, PROTOBUF or JSON. */
  readonly type: string
  readonly text: string
  /** The schemas that this one refers to, those that others need first. */
  readonly references: readonly { readonly name: string; readonly text: string }[]
}

/** A registry that speaks Confluent's API. */
export interface Registry {
  /** Returns the schema of this id; undefined where there is none. */
  schemaOf(id: number): Promise<RegistrySchema | undefined>
}

const MOST_REFERENCES = 200

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

export function openRegistry(address: RegistryAddress): Registry {
  return {
    schemaOf(id) {
      return schemaAt(address, `/schemas/ids/${id}`)
    },
  }
}

/** Returns the latest schema of a subject; undefined where there is none. */
export function latestSchema(address: RegistryAddress, subject: string): Promise<RegistrySchema | undefined> {
  return schemaAt(address, `/subjects/${encodeURIComponent(subject)}/versions/latest`)
}

async function schemaAt(address: RegistryAddress, path: string): Promise<RegistrySchema | undefined> {
  const stored = asStored(await getJson(address, path))
  if (!stored) return undefined
  const references = await referencesOf(address, stored)
  return { type: stored.schemaType ?? 'AVRO', text: stored.schema, references }
}

/** Fails where the registry does not answer, or does not let us in. */
export async function tryRegistry(address: RegistryAddress): Promise<void> {
  await getJson(address, '/schemas/types')
}

/** Returns all schemas that one refers to, directly or not, each once and after those that it refers to itself. */
async function referencesOf(address: RegistryAddress, stored: Stored): Promise<RegistrySchema['references']> {
  const found = new Map<string, { readonly name: string; readonly text: string }>()
  const asked = new Set<string>()
  const collect = async ({ references = [] }: Stored): Promise<void> => {
    for (const { name, subject, version } of references) {
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`
      if (asked.has(path) || asked.size >= MOST_REFERENCES) continue
      asked.add(path)
      const referred = asStored(await getJson(address, path))
      if (!referred) continue
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
