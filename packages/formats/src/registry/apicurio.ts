import type { HttpRegistry } from './address.ts'
import { apicurioHeader, apicurioId } from './headers.ts'
import { MOST_REFERENCES, MOST_REFERRED_BYTES, type Registry, type RegistrySchema } from './registry.ts'
import { getJson, getText } from './request.ts'

/** Schemas that one refers to are in the group and have the version that it names. */
interface Reference {
  readonly groupId: string | null
  readonly artifactId: string
  readonly version: string
  readonly name: string
}

/** Apicurio by its own API (v3): messages have its ids, of four bytes or eight. */
export function apicurioRegistry(address: HttpRegistry): Registry {
  const { ids } = address
  const latest = (topic: string) => `${versionsOf('default', `${topic}-value`)}/branch=latest`
  return {
    header: apicurioHeader(ids),
    schemaOf(key) {
      const id = apicurioId(key, ids)
      return schemaAt(address, `/ids/${id}`, `/ids/${id}/references`)
    },
    latestOf: (topic) => schemaAt(address, `${latest(topic)}/content`, `${latest(topic)}/references`),
    async probe() {
      await getJson(address, '/system/info')
    },
  }
}

const versionsOf = (group: string, artifact: string) =>
  `/groups/${encodeURIComponent(group)}/artifacts/${encodeURIComponent(artifact)}/versions`

async function schemaAt(address: HttpRegistry, path: string, references: string): Promise<RegistrySchema | undefined> {
  const found = await getText(address, path)
  if (!found) return undefined
  const type = String(found.headers['x-registry-artifacttype'] ?? typeOf(found.text)).toUpperCase()
  return { type, text: found.text, references: await referencesAt(address, references) }
}

/** Where only the content is given, it shows what it is. */
function typeOf(text: string): string {
  if (!/^\s*["{[]/.test(text)) return 'PROTOBUF'
  return /"(\$schema|properties|\$ref)"\s*:/.test(text) && !/"fields"\s*:/.test(text) ? 'JSON' : 'AVRO'
}

/** Returns all schemas that one refers to, directly or not, each once and after those that it refers to itself. */
async function referencesAt(address: HttpRegistry, path: string): Promise<RegistrySchema['references']> {
  const found = new Map<string, { readonly name: string; readonly text: string }>()
  const asked = new Set<string>()
  let bytes = 0
  const collect = async (from: string): Promise<void> => {
    const references = (await getJson(address, from)) as readonly Reference[] | undefined
    if (!Array.isArray(references)) return
    for (const { groupId, artifactId, version, name } of references) {
      const at = `${versionsOf(groupId ?? 'default', artifactId)}/${encodeURIComponent(version)}`
      if (asked.has(at) || asked.size >= MOST_REFERENCES || bytes > MOST_REFERRED_BYTES) continue
      asked.add(at)
      await collect(`${at}/references`)
      const content = bytes > MOST_REFERRED_BYTES ? undefined : await getText(address, `${at}/content`)
      bytes += content?.text.length ?? 0
      if (content) found.set(at, { name, text: content.text })
    }
  }
  await collect(path)
  return [...found.values()]
}
