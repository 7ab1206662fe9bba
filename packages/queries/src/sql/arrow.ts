import type { DuckDBDataChunk } from '@duckdb/node-api'
import { AsyncByteQueue, Field, makeData, RecordBatch, RecordBatchFileWriter, Schema, Struct } from 'apache-arrow'
import { type ArrowColumn, arrowColumn } from './arrow-columns.ts'
import type { SqlResult } from './session.ts'
import type { Sink } from './sink.ts'

/** Number of chunks (of 2048 rows each) in a record batch. */
const BATCH_CHUNKS = 32

/** Writes a result as an Arrow IPC file. */
export async function writeArrow(
  { columns, chunks }: Pick<SqlResult, 'columns' | 'chunks'>,
  sink: Sink,
): Promise<number> {
  const shapes = columns.map(({ type }) => arrowColumn(type))
  const fields = columns.map(({ name }, i) => new Field(name, (shapes[i] as ArrowColumn).type, true))
  const schema = new Schema(fields)
  const written: Uint8Array[] = []
  const queue = new AsyncByteQueue()
  queue.write = (part) => void written.push(part as Uint8Array)
  const writer = new RecordBatchFileWriter()
  writer.reset(queue, schema)
  let count = 0
  let waiting: DuckDBDataChunk[] = []
  const writeWaiting = async () => {
    const length = waiting.reduce((sum, { rowCount }) => sum + rowCount, 0)
    const children = shapes.map((shape, i) => shape.data(waiting.flatMap((chunk) => chunk.getColumnValues(i))))
    writer.write(new RecordBatch(schema, makeData({ type: new Struct(fields), length, nullCount: 0, children })))
    waiting = []
    count += length
    for (const part of written.splice(0)) await sink(part)
  }
  for await (const chunk of chunks()) {
    if (chunk.rowCount > 0) waiting.push(chunk)
    if (waiting.length === BATCH_CHUNKS) await writeWaiting()
  }
  if (waiting.length > 0) await writeWaiting()
  writer.close()
  for (const part of written.splice(0)) await sink(part)
  return count
}
