import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  commandRunner,
  freePort,
  type Guarded,
  installedServer,
  type KafkaAddress,
  kafka,
  runGuarded,
} from '@millrace/testkit'
import { inject, type TestContext, vi } from 'vitest'

/** A broker that is a test's own: it may be killed, and comes back on the same port with what it had. */
export interface OwnBroker {
  readonly address: KafkaAddress
  /** Not a word to anybody: SIGKILL. */
  kill(): Promise<void>
  start(): Promise<void>
}

const READY = { timeout: 120_000, interval: 100 }

/** For tests that have made sure of the `kafka` server: this one is started from its installation. */
export async function openBroker(folder: string, finished: TestContext['onTestFinished']): Promise<OwnBroker> {
  const home = await installedServer(inject('supervisor'), 'kafka')
  if (!('address' in home)) throw new Error('no Kafka is installed')
  const data = join(folder, 'broker')
  await mkdir(data)
  const surroundings = { say: () => {}, started: () => {} }
  const run = commandRunner(data, join(folder, 'broker-format.log'), surroundings)
  const { command, address, ready } = await kafka.launch({ home: home.address, data, freePort, run })
  let running: Guarded | undefined
  let starts = 0
  const start = async () => {
    const broker = runGuarded(command, { folder: data, logFile: join(folder, `broker-${starts++}.log`) })
    running = broker
    await vi.waitFor(async () => {
      if (!(await ready(await broker.log()))) throw new Error(`the broker is not ready: ${await broker.log()}`)
    }, READY)
  }
  finished(async () => running?.stop())
  await start()
  return { address, start, kill: async () => running?.kill() }
}
