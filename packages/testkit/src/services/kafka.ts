import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { jarsOf } from './maven.ts'
import type { Server } from './server.ts'
import { javaHome } from './toolchain.ts'

const LOGGING = fileURLToPath(new URL('kafka-log4j2.xml', import.meta.url))
const JAVA = { from: 17, to: 25 }
const HEAP = '768m'

export interface KafkaAddress {
  /** host:port */
  readonly bootstrap: string
}

/** One broker that is its own controller. */
export const kafka: Server<KafkaAddress> = {
  ...jarsOf('kafka-pom.xml', JAVA),
  launch: async ({ home, data, freePort, run }) => {
    const port = await freePort()
    const properties = join(data, 'server.properties')
    await writeFile(properties, brokerProperties(port, await freePort(), join(data, 'log')))
    await run([...kafkaTool(home, 'kafka.tools.StorageTool'), 'format', '-t', clusterId(), '-c', properties])
    return {
      command: [...kafkaTool(home, 'kafka.Kafka', HEAP), properties],
      address: { bootstrap: `127.0.0.1:${port}` },
      ready: async (log) => log.includes('Kafka Server started'),
    }
  },
}

/** A program of Kafka's, at the start of a command. */
export function kafkaTool(home: string, className: string, heap = HEAP): string[] {
  const java = [join(javaHome(JAVA) ?? '', 'bin', 'java'), `-Dlog4j2.configurationFile=${LOGGING}`]
  return [...java, `-Xms${heap}`, `-Xmx${heap}`, '-XX:+UseG1GC', '-cp', join(home, '*'), className]
}

/** What Kafka calls a uuid: 22 characters, and no dash in front. */
export function clusterId(): string {
  return `M${randomBytes(16).toString('base64url').slice(1)}`
}

function brokerProperties(port: number, controllerPort: number, folder: string): string {
  return toProperties({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': folder,
    ...SMALL,
  })
}

/** A broker for tests: little of everything, and no waiting. */
export const SMALL = {
  'num.partitions': 1,
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 4,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'share.coordinator.state.topic.num.partitions': 4,
  'group.initial.rebalance.delay.ms': 0,
  'num.network.threads': 2,
  'num.io.threads': 4,
  'log.retention.hours': -1,
  'log.cleaner.dedupe.buffer.size': 8 << 20,
  'auto.create.topics.enable': false,
} as const

export function toProperties(settings: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}
