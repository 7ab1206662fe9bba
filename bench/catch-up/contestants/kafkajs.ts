// kafkajs, JSON.parse, a JavaScript Parquet writer: a file every 100,000 rows, offsets committed after it (at least once)
import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type EachBatchPayload, Kafka, logLevel } from 'kafkajs'
import { cleanColumns } from '../../pins/in-javascript.ts'
import { job, report } from '../../src/contestant.ts'

const ROWS_A_FILE = 100_000

const { output, size, services } = job()
await mkdir(join(output, 'pin'))
const kafka = new Kafka({ brokers: [services.kafka?.bootstrap ?? ''], logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({ groupId: `bench-${randomUUID()}`, maxBytes: 10 << 20 })
const columns = cleanColumns()
const reached = new Map<number, string>()
const finished = Promise.withResolvers<void>()
let rows = 0
let files = 0

await consumer.connect()
await consumer.subscribe({ topic: 'pin', fromBeginning: true })
await consumer.run({ autoCommit: false, eachBatch: takeBatch })
await finished.promise
await consumer.disconnect()
report({ engine: 'kafkajs 2.2.4, hyparquet-writer 0.17.0' })

async function takeBatch({ batch, heartbeat }: EachBatchPayload): Promise<void> {
  for (const { value, offset } of batch.messages) {
    columns.add(value?.toString() ?? 'null')
    reached.set(batch.partition, String(BigInt(offset) + 1n))
    rows++
    if (columns.rows() === ROWS_A_FILE) await writeFile()
  }
  await heartbeat()
  if (rows < size) return
  if (columns.rows() > 0) await writeFile()
  finished.resolve()
}

async function writeFile(): Promise<void> {
  await columns.write(join(output, 'pin', `${files++}.parquet`))
  await consumer.commitOffsets([...reached].map(([partition, offset]) => ({ topic: 'pin', partition, offset })))
}
