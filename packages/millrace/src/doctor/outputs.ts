import { lookAtDatabase } from '@millrace/outputs'
import { type Finding, find } from './finding.ts'

/** Whether the databases among the outputs answer and can be filled. */
export async function checkOutputs(outputs: readonly string[]): Promise<Finding[]> {
  const databases = outputs.filter((address) => /^(postgres|cassandra):/.test(address))
  return Promise.all(
    databases.map((address) =>
      find(`output ${address.split('?')[0]}`, async () => (await lookAtDatabase(address)) ?? ''),
    ),
  )
}
