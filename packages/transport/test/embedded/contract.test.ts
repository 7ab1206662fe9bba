import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, test } from 'vitest'
import { openEmbeddedStore } from '../../src/embedded/store.ts'
import { describeTransport, NUMBERED } from '../contract.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-embedded-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const path = join(folder, 'stream.db')

describeTransport(
  'the embedded store',
  test.extend('transport', {
    ...NUMBERED,
    headers: false,
    address: `embedded:${path}`,
    async freshTopic(partitions: number) {
      const name = `topic-${randomUUID()}`
      const store = openEmbeddedStore(path)
      await store.openTopic(name, partitions)
      await store.close()
      return name
    },
  }),
)
