import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { bombBatch } from './bomb.ts'
import type { Codec } from './encode.ts'
import { fakeBroker } from './fake-broker.ts'

const ID = '0123456789abcdef0123456789abcdef'
const MIB = 1 << 20
const PROGRAM = new URL('../programs/read-bombs.ts', import.meta.url).pathname
/** What a worker may take under attack. */
const MOST_BYTES = 700 * 1024 * 1000

it.each<[string, Codec, number]>([
  ['gzip, 256 MiB each', 1, 256],
  ['lz4, 128 MiB each', 3, 128],
  ['zstd, 256 MiB each', 4, 256],
  ['zstd, 24 MiB each, which is small enough to be unpacked at once', 4, 24],
])('32 partitions full of bombs are read within the memory of a worker: %s', async (_, codec, mebibytes) => {
  const bomb = await bombBatch(codec, mebibytes, MIB)
  const { port } = await fakeBroker((asked) => asked.map(({ topic, index }) => ({ topic, index, records: bomb })))
  const { stdout } = await promisify(execFile)(process.execPath, [
    PROGRAM,
    String(port),
    ID,
    '32',
    '12',
    String(56 * MIB),
  ])
  expect(Number(stdout)).toBeGreaterThan(50 * MIB)
  expect(Number(stdout)).toBeLessThan(MOST_BYTES)
})
