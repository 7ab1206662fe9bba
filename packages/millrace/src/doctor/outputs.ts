import { outputAt } from '@millrace/outputs'
import { type Finding, find } from './finding.ts'

/** Whether the outputs beside the lake answer and can be filled, as far as each can tell. */
export async function checkOutputs(outputs: readonly string[]): Promise<Finding[]> {
  const kinds = await Promise.all(outputs.map(async (address) => ({ address, kind: await outputAt(address) })))
  return Promise.all(
    kinds.flatMap(({ address, kind: { look } }) =>
      look ? [find(`output ${address.split('?')[0]}`, () => look(address))] : [],
    ),
  )
}
