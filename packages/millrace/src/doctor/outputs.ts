import { systemRuntime } from '@millrace/base'
import { outputAt } from '@millrace/outputs'
import { type Finding, find } from './finding.ts'
import { checkLake } from './lake.ts'

/** Whether the outputs beside the lake answer and can be filled, as far as each can tell. */
export async function checkOutputs(attached: readonly string[], detached: readonly string[]): Promise<Finding[]> {
  const looked = await Promise.all(
    (await kindsOf(attached)).flatMap(({ address, kind: { look } }) =>
      look ? [find(nameOf(address), () => look(address))] : [],
    ),
  )
  const detail = 'detached: it gets nothing; attached again, it gets what it has missed'
  return [...looked, ...detached.map((address): Finding => ({ check: nameOf(address), result: 'not set', detail }))]
}

/** Whether the object stores that outputs rest on keep their promises, as that of a lake has to. */
export async function checkStores(attached: readonly string[]): Promise<Finding[]> {
  const found: Finding[] = []
  for (const { address, kind } of await kindsOf(attached)) {
    if (!kind.place) continue
    const findings = await checkLake({ lake: kind.place(address), isDefault: false, tables: [] }, systemRuntime)
    const scheme = address.split(':')[0] ?? ''
    found.push(...findings.map((finding) => ({ ...finding, check: finding.check.replace(/^lake/, scheme) })))
  }
  return found
}

function kindsOf(addresses: readonly string[]) {
  return Promise.all(addresses.map(async (address) => ({ address, kind: await outputAt(address) })))
}

const nameOf = (address: string) => `output ${address.split('?')[0]}`
