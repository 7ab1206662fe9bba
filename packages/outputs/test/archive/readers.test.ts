import { systemRuntime } from '@millrace/base'
import { openMachine } from '@millrace/engine'
import { temporaryFolder } from '@millrace/testkit'
import { expect, test } from 'vitest'
import { outputAt } from '../../src/index.ts'
import { openBatches, userRecord } from '../batches.ts'

test('DuckDB reads the files by the glob of the old notebooks, odd messages among them', async () => {
  const place = await temporaryFolder()
  await using machine = await openMachine(systemRuntime, 'all')
  const batches = await openBatches()
  try {
    for (const [id, codec] of [
      ['0', 'none'],
      ['1', 'gzip'],
      ['2', 'zstd'],
    ] as const) {
      const { open } = await outputAt('archive:')
      const parts = { store: undefined as never, table: 'user', dataset: batches.dataset, group: 'g', machine }
      const output = await open({ ...parts, address: `archive:${place}?codec=${codec}` })
      const partition = { topic: 'users', identity: 'one', id }
      await output.begin([partition])
      await output.commit(undefined, [{ partition, from: undefined, to: [0n] }])
      const values = [userRecord(Number(id)), userRecord(10 + Number(id)).replaceAll(',', ',\r\n  '), '']
      const batch = batches.batch('g', { partition, from: 0, values })
      const ready = await output.prepare(batch)
      expect(await output.commit(ready, [{ partition, from: [0n], to: [3n] }])).toMatchObject({ outcome: 'committed' })
    }
    const connection = await machine.engine.connect()
    const inds: number[] = []
    for (const ending of ['json', 'json.gz', 'json.zst']) {
      const files = `${place}/topics/users/partition=*/*.${ending}`
      const rows = await connection.runAndReadAll(`SELECT ind::INTEGER FROM read_json('${files}') ORDER BY ind`)
      inds.push(...rows.getRows().map(([ind]) => Number(ind)))
    }
    connection.closeSync()
    expect(inds).toEqual([0, 10, 1, 11, 2, 12])
  } finally {
    await batches.close()
  }
})
