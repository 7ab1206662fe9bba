import { openRegistry, parseRegistryAddress } from '@millrace/formats'
import { type Finding, find } from './finding.ts'

/** Whether the schema registry answers and lets us in; nothing where none is configured. */
export async function checkRegistry(registry: string | undefined): Promise<Finding[]> {
  if (registry === undefined) return []
  const look = async () => {
    const address = parseRegistryAddress(registry, process.env)
    await openRegistry(address).probe()
    return `${address.url} answers`
  }
  return [await find('schema registry', look)]
}
