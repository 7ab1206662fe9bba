// Kafka Connect with its own sink: one task that writes the values as lines to one file, without files of S3 or progress
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { job, report } from '../../src/contestant.ts'
import { CONNECT_HOME, INTO_ARCHIVE } from '../cases.ts'

const { input, output, services, variant } = job()
const home = await readFile(join(input, CONNECT_HOME), 'utf8')
if (variant !== INTO_ARCHIVE) report({ unavailable: 'it writes no tables' })
else if (home === '') report({ unavailable: 'Kafka Connect cannot be had here' })
else await run()

async function run(): Promise<void> {
  const file = join(output, 'pins.json')
  const worker = join(output, 'worker.properties')
  const sink = join(output, 'sink.properties')
  await writeFile(
    worker,
    properties({
      'bootstrap.servers': services.kafka?.bootstrap ?? '',
      'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'offset.storage.file.filename': join(output, 'offsets'),
      'consumer.auto.offset.reset': 'earliest',
      'plugin.discovery': 'service_load',
      listeners: 'http://127.0.0.1:0',
    }),
  )
  await writeFile(
    sink,
    properties({
      name: 'bench',
      'connector.class': 'FileStreamSink',
      'tasks.max': '1',
      file,
      topics: 'pin',
    }),
  )
  const { JAVA17_HOME } = process.env
  const java = JAVA17_HOME ? join(JAVA17_HOME, 'bin', 'java') : 'java'
  const main = 'org.apache.kafka.connect.cli.ConnectStandalone'
  const child = spawn(java, ['-Xmx2g', '-cp', join(home, '*'), main, worker, sink], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit')
  // The lines of the input are those that it has to write.
  const { size } = await stat(await readFile(join(input, 'bytes'), 'utf8'))
  while ((await sizeOf(file)) < size && child.exitCode === null) await pause(50)
  child.kill()
  await ended
  report({ engine: 'Kafka Connect 4.3.1' })
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => ({ size: 0 }))).size
}

function properties(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}
