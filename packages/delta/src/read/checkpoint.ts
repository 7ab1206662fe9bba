import type { RowGroup } from 'hyparquet'
import { decodeActions } from '../log/decode-actions.ts'
import type { Checkpoint } from '../log/listing.ts'
import type { TableRef } from '../log/log.ts'
import { lineOf, readAdds, readNamed } from './checkpoint-adds.ts'
import { readCheckpointFiles } from './checkpoint-files.ts'
import type { ParquetFile } from './parquet/file.ts'
import { type Replay, startReplay, type TableState } from './replay.ts'

/** Returns the state that a checkpoint keeps. */
export async function readCheckpoint(table: TableRef, checkpoint: Checkpoint): Promise<TableState | 'gone'> {
  const replay = startReplay(table)
  const outcome = await readCheckpointFiles(table, checkpoint, {
    apply: replay.apply,
    readGroup: (file, group, where) => readState(file, group, where, replay),
  })
  return outcome === 'gone' ? outcome : replay.finish()
}

/** Reads all but tombstones. */
async function readState(file: ParquetFile, group: RowGroup, where: string, replay: Replay): Promise<void> {
  const lines: string[] = []
  for (const name of ['protocol', 'metaData', 'txn']) {
    for (const action of (await readNamed(file, group, name)).values) lines.push(lineOf({ [name]: action }))
  }
  if (lines.length > 0) replay.apply(decodeActions(new TextEncoder().encode(lines.join('\n')), where))
  await readAdds(file, group, replay)
}
