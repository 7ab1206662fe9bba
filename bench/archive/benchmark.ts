import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pinsInKafka } from '../pins/in-kafka.ts'
import { MILLRACE } from '../src/contestant.ts'
import type { Benchmark } from '../src/contract.ts'
import { tableIn } from '../src/outputs.ts'
import { installed } from '../src/services.ts'
import { ARCHIVE, CONNECT_HOME, INTO_ARCHIVE, INTO_DELTA } from './cases.ts'

const PARTITIONS = 6

let filled: Promise<string> | undefined

export const benchmark: Benchmark = {
  about: `Raw pins in ${PARTITIONS} partitions of a real Kafka on the same machine: into an archive of lines, and from that archive into Delta.`,
  unit: 'rows',
  size: 1_000_000,
  services: ['kafka'],
  cases: [INTO_ARCHIVE, INTO_DELTA],
  reference: 'millrace',
  measures: 'process',
  async prepare({ size, services, variant }, input) {
    const bootstrap = services.kafka?.bootstrap ?? ''
    // Both cases read the same topic.
    filled ??= pinsInKafka(bootstrap, 'pin', PARTITIONS, size, input)
    const folder = await filled
    const connect = await installed('connect')
    return input('archive', { size, bootstrap: bootstrap.replaceAll(/\W/g, '-'), variant }, async (made) => {
      await writeFile(join(made, 'bytes'), join(folder, 'pins.jsonl'))
      await writeFile(join(made, CONNECT_HOME), 'home' in connect ? connect.home : '')
      if (variant === INTO_DELTA) await archive(join(made, ARCHIVE), bootstrap)
    })
  },
  outputs: (output) => ({ pin: existsSync(join(output, 'pin')) ? tableIn(join(output, 'pin')) : linesIn(output) }),
}

async function archive(place: string, bootstrap: string): Promise<void> {
  const to = ['--to', `archive:${place}`, '--datasets', 'pin']
  const args = ['stream', '--source', `kafka://${bootstrap}`, ...to, '--until-caught-up', '--no-dashboard']
  await promisify(execFile)(process.execPath, [MILLRACE, ...args], { cwd: join(place, '..') })
}

function linesIn(output: string) {
  const files = existsSync(join(output, 'topics')) ? 'topics/pin/partition=*/*.json' : 'pins.json'
  return {
    query: `SELECT * FROM read_json('${join(output, files)}', format = 'newline_delimited', hive_partitioning = false)`,
  }
}
