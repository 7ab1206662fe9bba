import { joinValues, valueAt } from '@millrace/base'
import { expect, test, vi } from 'vitest'
import { envelope, json } from './messages.ts'

test('a block of many portions has each change in its line, and takes memory for one portion alone', async () => {
  const sizes = Array.from({ length: 20 }, (_, i) => (i % 7 === 3 ? 3 : 400_000 - i))
  const rows = sizes.map((size, id) => ({ id, text: `${id % 10}"`.repeat(size) }))
  const messages = rows.map((row, i) =>
    i % 5 === 2 ? null : i === 9 ? Buffer.from('x') : json(envelope('c', null, row)),
  )
  // The memory is the module's own, and only grows: what other tests have read must not be in it.
  vi.resetModules()
  const [{ openFormat }, { workMemory }] = await Promise.all([
    import('../../src/index.ts'),
    import('../../src/transcode/work-memory.ts'),
  ])
  const format = openFormat('debezium')
  const { lines, rejected, ignored } = await format.read(joinValues(messages))
  expect(ignored).toEqual([2, 7, 12, 17])
  expect(rejected.map(({ index }) => index)).toEqual([9])
  const isRight = rows.map((row, i) => {
    const line = valueAt(lines, i)
    return i % 5 === 2 || i === 9 ? line === null : String(line && Buffer.from(line)) === JSON.stringify(row)
  })
  expect(isRight).toEqual(rows.map(() => true))
  expect(lines.bytes.length).toBeGreaterThan(12 << 20)
  expect(workMemory().memory.buffer.byteLength).toBeLessThan(8 << 20)
})
