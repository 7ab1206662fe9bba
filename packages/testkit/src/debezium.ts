import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, type TestContext, vi } from 'vitest'
import { connectCommand } from './services/debezium.ts'
import { freePort } from './services/free-port.ts'
import { runGuarded } from './services/guarded.ts'
import { type KafkaAddress, toProperties } from './services/kafka.ts'

/** Kafka Connect with Debezium's connectors, for one test. */
export interface Debezium {
  /** Starts a connector; settles when its task runs, which is before it has read anything. */
  connect(name: string, config: Readonly<Record<string, string>>): Promise<void>
}

const WITHIN = { timeout: 90_000, interval: 100 }
const JSON_CONVERTER = 'org.apache.kafka.connect.json.JsonConverter'

/** Starts it from its installation; it ends with the test. */
export async function startDebezium(
  home: string,
  { bootstrap }: KafkaAddress,
  folder: string,
  finished: TestContext['onTestFinished'],
): Promise<Debezium> {
  const data = join(folder, 'debezium')
  await mkdir(data)
  const url = `http://127.0.0.1:${await freePort()}`
  const properties = join(data, 'worker.properties')
  const settings = {
    ...{ 'bootstrap.servers': bootstrap, listeners: url, 'plugin.discovery': 'service_load' },
    ...{ 'key.converter': JSON_CONVERTER, 'value.converter': JSON_CONVERTER },
    'offset.storage.file.filename': join(data, 'offsets'),
  }
  await writeFile(properties, toProperties(settings))
  const worker = runGuarded(connectCommand(home, properties), { folder: data, logFile: join(data, 'log') })
  finished(() => worker.kill())
  const answer = async (path: string) => {
    if (!worker.isRunning()) throw new Error(`Kafka Connect has ended: ${await worker.log()}`)
    return (await fetch(`${url}${path}`)).json()
  }
  await vi.waitFor(async () => expect(await answer('/connectors')).toEqual([]), WITHIN)
  return {
    async connect(name, config) {
      const made = await fetch(`${url}/connectors`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name, config: { ...TOPICS, ...ofSchemas(data, name, config), ...config } }),
      })
      if (!made.ok) throw new Error(`${await made.text()}\n${await worker.log()}`)
      const running = { tasks: [expect.objectContaining({ state: 'RUNNING' })] }
      await vi.waitFor(async () => expect(await answer(`/connectors/${name}/status`)).toMatchObject(running), WITHIN)
    },
  }
}

/** The broker makes no topics by itself. */
const TOPICS = { 'topic.creation.default.replication.factor': '1', 'topic.creation.default.partitions': '1' }

/** MySQL's connector keeps how tables were. */
function ofSchemas(
  data: string,
  name: string,
  { 'connector.class': connector = '' }: Readonly<Record<string, string>>,
) {
  if (!connector.includes('mysql')) return {}
  return {
    'schema.history.internal': 'io.debezium.storage.file.history.FileSchemaHistory',
    'schema.history.internal.file.filename': join(data, `${name}.history`),
  }
}
