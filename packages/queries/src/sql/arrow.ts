import type { DuckDBValue } from '@duckdb/node-api'
import { AsyncByteQueue, Field, makeData, RecordBatch, RecordBatchFileWriter, Schema, Struct } from 'apache-arrow'
import { type ArrowColumn, arrowColumn } from './arrow-columns.ts'
import type { Sink } from './formats.ts'
import type { SqlResult } from './session.ts'

/** Rows of one record batch. */
const BATCH_ROWS = 65_536

/** As an Arrow IPC file. */
export async function writeArrow({ columns, chunks }: SqlResult, sink: Sink): Promise<number> {
  const shapes = columns.map(({ type }) => arrowColumn(type))
  const fields = columns.map(({ name }, i) => new Field(name, (shapes[i] as ArrowColumn).type, true))
  const schema = new Schema(fields)
  const written: Uint8Array[] = []
  const queue = new AsyncByteQueue()
  queue.write = (part) => void written.push(part as Uint8Array)
  const writer = new RecordBatchFileWriter()
  writer.reset(queue, schema)
  let count = 0
  const writeBatch = async (values: readonly (readonly DuckDBValue[])[]) => {
    const length = values[0]?.length ?? 0
    const children = shapes.map((shape, i) => shape.data(values[i] ?? []))
    writer.write(new RecordBatch(schema, makeData({ type: new Struct(fields), length, nullCount: 0, children })))
    count += length
    for (const part of written.splice(0)) await sink(part)
  }
  let pending: DuckDBValue[][] = columns.map(() => [])
  for await (const chunk of chunks()) {
    pending = pending.map((values, i) => values.concat(chunk.getColumnValues(i) as DuckDBValue[]))
    if ((pending[0]?.length ?? 0) < BATCH_ROWS) continue
    await writeBatch(pending)
    pending = columns.map(() => [])
  }
  if ((pending[0]?.length ?? 0) > 0) await writeBatch(pending)
  writer.close()
  for (const part of written.splice(0)) await sink(part)
  return count
}
