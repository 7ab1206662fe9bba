import type { RegistryAddress } from './address.ts'
import { apicurioRegistry } from './apicurio.ts'
import { confluentRegistry } from './confluent.ts'
import { glueRegistry } from './glue.ts'
import type { Registry } from './registry.ts'

export function openRegistry(address: RegistryAddress): Registry {
  if (address.kind === 'glue') return glueRegistry(address)
  return address.kind === 'apicurio' ? apicurioRegistry(address) : confluentRegistry(address)
}
