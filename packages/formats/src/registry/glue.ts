import { MillraceError } from '@millrace/base'
import type { GlueRegistry } from './address.ts'
import { signedHeaders } from './glue-call.ts'
import { glueHeader } from './headers.ts'
import type { Registry, RegistrySchema } from './registry.ts'
import { send, unreachable } from './request.ts'

interface SchemaVersion {
  readonly SchemaDefinition?: string
  readonly DataFormat?: string
}

/** AWS Glue's registry: messages name a version of a schema by its UUID. */
export function glueRegistry(address: GlueRegistry): Registry {
  const ask = async (operation: string, body: object) => {
    const text = JSON.stringify(body)
    const headers = await signedHeaders(address, `AWSGlue.${operation}`, text)
    const answer = await send(address.url, '/', { method: 'POST', headers, body: text })
    const found = parsed(answer.text)
    if (answer.status === 200) return found
    return refused(address.url, operation, answer.status, String(found.__type ?? '').replace(/^.*#/, ''))
  }
  const version = async (which: object): Promise<RegistrySchema | undefined> => {
    const found = (await ask('GetSchemaVersion', which)) as SchemaVersion | undefined
    if (!found?.SchemaDefinition) return undefined
    return { type: found.DataFormat ?? 'AVRO', text: found.SchemaDefinition, references: [] }
  }
  const { registry } = address
  return {
    header: glueHeader(),
    schemaOf: (id) => version({ SchemaVersionId: id }),
    latestOf: (topic) =>
      version({
        SchemaId: { RegistryName: registry, SchemaName: topic },
        SchemaVersionNumber: { LatestVersion: true },
      }),
    async probe() {
      if ((await ask('GetRegistry', { RegistryId: { RegistryName: registry } })) !== undefined) return
      throw new MillraceError('CONFIG_INVALID', `Glue in ${address.region} has no schema registry ${registry}`)
    },
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

const DENIED = /AccessDenied|UnrecognizedClient|InvalidSignature|IncompleteSignature|InvalidClientTokenId|ExpiredToken/

/** Returns undefined for what is not there; anything else fails. */
function refused(url: string, operation: string, status: number, type: string): undefined {
  if (type === 'EntityNotFoundException') return undefined
  if (status === 401 || status === 403 || DENIED.test(type)) {
    throw new MillraceError('SOURCE_DENIED', `the schema registry ${url} refuses us ${operation} (${type || status})`, {
      next: 'Check the AWS credentials, and that their role may glue:GetSchemaVersion and glue:GetRegistry.',
    })
  }
  throw unreachable(url, `answers ${operation} with HTTP ${status} ${type}`)
}
