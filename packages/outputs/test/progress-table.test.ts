import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { memoryStore, openLake } from '@millrace/store'
import { PINTEREST } from '@millrace/testkit'
import { loadDataset, newTableOf } from '@millrace/transform'
import { expect, it } from 'vitest'
import { openProgressTable } from '../src/delta/progress-table.ts'

const partition = (id: string) => ({ topic: 'users', identity: 'x', id })

it('a worker that has learnt of another one by the way is still fenced where that one went on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-progress-'))
  try {
    const store = await openLake(folder)
    const wanted = newTableOf(await loadDataset('user', [PINTEREST.datasets]))
    const open = () => openProgressTable({ ref: { store, path: 'user' }, group: 'g', wanted, runtime: systemRuntime })
    const [zombie, owner] = [await open(), await open()]
    const [contested, undisputed] = [partition('0'), partition('1')]
    const move = (of: typeof contested, from: bigint | undefined, to: bigint) => ({
      files: [],
      advances: [{ partition: of, from: from === undefined ? undefined : [from], to: [to] }],
    })
    expect(await owner.commit(move(contested, undefined, 10n))).toMatchObject({ outcome: 'committed' })
    // This one loses the race for the log entry, looks again, and commits: now it has seen the owner's progress.
    expect(await zombie.commit(move(undisputed, undefined, 5n))).toMatchObject({ outcome: 'committed' })
    expect(await zombie.commit(move(contested, undefined, 7n))).toMatchObject({ outcome: 'fenced' })
    await zombie.begin([contested])
    expect(zombie.position(contested)).toEqual([10n])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

it('of five thousand partitions each is found, and a namesake among them is refused', async () => {
  const ref = { store: memoryStore(), path: 'user' }
  const wanted = newTableOf(await loadDataset('user', [PINTEREST.datasets]))
  const table = await openProgressTable({ ref, group: 'g', wanted, runtime: systemRuntime })
  const partitions = Array.from({ length: 5_000 }, (_, i) => partition(String(i)))
  const [newcomer, ...known] = partitions as [ReturnType<typeof partition>]
  await table.commit({
    files: [],
    advances: known.map((each, i) => ({ partition: each, from: undefined, to: [BigInt(i)] })),
  })
  const { positions, ofKnownTopics } = await table.begin(partitions)
  expect(known.map((each) => positions.get(each))).toEqual(known.map((_, i) => [BigInt(i)]))
  expect(positions.has(newcomer)).toBe(false)
  expect(ofKnownTopics).toEqual(new Set(partitions))
  const namesake = { topic: 'users', identity: 'y', id: '4999' }
  await expect(table.begin([namesake])).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
})
