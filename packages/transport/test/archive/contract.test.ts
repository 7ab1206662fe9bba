import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLake } from '@millrace/store'
import { afterAll, test } from 'vitest'
import { describeTransport, NUMBERED } from '../contract.ts'
import { archiver } from './archiver.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-archive-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

for (const codec of ['none', 'zstd'] as const) {
  const place = join(folder, codec)
  const opened = openLake(place).then((store) => archiver(store, codec))
  describeTransport(
    `an archive, ${codec}`,
    test.extend('transport', async () => {
      const { producer, begin } = await opened
      return {
        ...NUMBERED,
        address: `archive:${place}`,
        producer: () => producer,
        headers: true,
        async freshTopic(partitions: number) {
          const name = `topic-${randomUUID()}`
          await begin(name, partitions)
          return name
        },
      }
    }),
  )
}
