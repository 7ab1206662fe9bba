import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { openProducer } from '@millrace/transport'
import { Kafka, logLevel } from 'kafkajs'
import type { Benchmark } from '../src/contract.ts'
import { tableIn } from '../src/outputs.ts'

const PARTITIONS = 6
const AT_ONCE = 20_000
/** One change in so many deletes. */
const DELETES = 20

const FIELDS = { id: 'long', name: 'string', price: 'long', changed: 'long' }

export const benchmark: Benchmark = {
  about: `Changes as Debezium's JSON in ${PARTITIONS} partitions of a real Kafka, two for each key, one in ${DELETES} a delete: the newest row of each key in a Delta table.`,
  unit: 'changes',
  size: 2_000_000,
  services: ['kafka'],
  reference: 'millrace',
  measures: 'process',
  page: 'keyed-tables.md',
  async prepare({ size, services }, input) {
    await fill(services.kafka?.bootstrap ?? '', size)
    return input('changes', { size }, (folder) => describe(join(folder, 'items')))
  },
  outputs: (output) => ({ items: tableIn(join(output, 'items')) }),
}

/** Makes the data set of the changes. */
async function describe(folder: string): Promise<void> {
  const typed = (text: string) =>
    Object.fromEntries(Object.entries(FIELDS).map(([name, type]) => [name, { type: type === 'string' ? text : type }]))
  const description = {
    ...{ description: 'Items, as a database has them', format: 'debezium', fields: typed('text') },
    ...{ columns: typed('string'), mode: 'upsert', key: ['id'] },
  }
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(description))
  await writeFile(join(folder, 'clean.sql'), `SELECT ${Object.keys(FIELDS).join(', ')} FROM raw`)
}

async function fill(bootstrap: string, size: number): Promise<void> {
  const admin = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'items', numPartitions: PARTITIONS }], waitForLeaders: true })
  await admin.disconnect()
  const producer = await openProducer(`kafka://${bootstrap}`, systemRuntime)
  let state = 7
  for (let first = 0; first < size; first += AT_ONCE) {
    const records = Array.from({ length: Math.min(AT_ONCE, size - first) }, (_, i) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return change(Math.floor((state / 2 ** 32) * (size / 2)), first + i)
    })
    await producer.send('items', records)
  }
  await producer.close()
}

/** Returns the n-th change, which is of this key. */
function change(id: number, n: number) {
  const row = JSON.stringify({ id, name: `item ${id} as of change ${n}`, price: (n * 7919) % 100_000, changed: n })
  const source = `{"connector":"mysql","db":"shop","table":"items","file":"log.000001","pos":${n * 300},"row":0}`
  const [op, before, after] = n % DELETES === 0 ? ['d', row, 'null'] : ['u', 'null', row]
  const value = `{"before":${before},"after":${after},"source":${source},"op":"${op}","ts_ms":${1_790_000_000_000 + n}}`
  return { key: Buffer.from(`{"id":${id}}`), value: Buffer.from(value), partition: id % PARTITIONS }
}
