import { systemRuntime } from '@millrace/base'
import { type Source, verifyArchive } from '@millrace/transport'
import type { OutputVerdict, StoredTable } from '../output.ts'

/** Looks through all files of an archive, whatever tables are asked for. */
export async function verifyArchived(
  address: string,
  _tables: readonly StoredTable[],
  source: Source | undefined,
): Promise<OutputVerdict[]> {
  const verdicts = await verifyArchive(address, source, systemRuntime)
  const rows = verdicts.reduce((sum, { messages }) => sum + messages, 0)
  const problems = verdicts.flatMap((each) => each.problems)
  return verdicts.length === 0
    ? []
    : [{ table: address.split('?')[0] ?? address, rows, partitions: verdicts, problems }]
}
