import { describe, expect, test } from 'vitest'
import { versionAt } from '../../src/index.ts'
import { commitName, versionName } from '../../src/log/log.ts'
import { add, grown, metadata, PROTOCOL, type Scripted, scripted } from './scripted.ts'

/** Entries written at the times given; an entry that tells its own time has it as `reported`. */
function written(
  times: readonly number[],
  reported: Readonly<Record<number, number>> = {},
  configuration: object = {},
): Scripted {
  const log = scripted()
  times.forEach((time, version) => {
    const actions = [
      ...(version in reported ? [{ commitInfo: { inCommitTimestamp: reported[version] } }] : []),
      ...(version === 0 ? [PROTOCOL, metadata(undefined, { configuration })] : [add(String(version))]),
    ]
    log.put(commitName(version), actions.map((action) => `${JSON.stringify(action)}\n`).join(''), time)
  })
  return log
}

const notThen = expect.objectContaining({ code: 'TABLE_NOT_FOUND' })

describe('by the times of files', () => {
  const { table } = written([1000, 2000, 3000])

  test.each([
    [1000, 0],
    [1999, 0],
    [2000, 1],
    [2999, 1],
    [3000, 2],
    [999_999, 2],
  ])('at %i the newest version was %i', async (time, version) => {
    expect(await versionAt(table, time)).toBe(version)
  })

  test('there is none before the first', async () => {
    await expect(versionAt(table, 999)).rejects.toEqual(notThen)
  })

  test('a clock that goes back does not take a version back', async () => {
    const { table: jumped } = written([1000, 5000, 2000, 2000, 7000])
    expect(await versionAt(jumped, 4999)).toBe(0)
    expect(await versionAt(jumped, 5000)).toBe(1)
    expect(await versionAt(jumped, 5001)).toBe(2)
    expect(await versionAt(jumped, 5002)).toBe(3)
    expect(await versionAt(jumped, 6999)).toBe(3)
    expect(await versionAt(jumped, 7000)).toBe(4)
  })
})

describe('by the times that entries tell', () => {
  test('files do not count', async () => {
    const enabled = { 'delta.enableInCommitTimestamps': 'true' }
    const { table } = written([9, 8, 7, 6], { 0: 100, 1: 200, 2: 300, 3: 400 }, enabled)
    expect(await versionAt(table, 250)).toBe(1)
    expect(await versionAt(table, 400)).toBe(3)
    await expect(versionAt(table, 99)).rejects.toEqual(notThen)
  })

  test('entries from before they did go by their files', async () => {
    const enabled = {
      'delta.enableInCommitTimestamps': 'TRUE',
      'delta.inCommitTimestampEnablementVersion': '2',
      'Delta.InCommitTimestampEnablementTimestamp': '300',
    }
    const { table } = written([100, 200, 1, 2], { 2: 300, 3: 400 }, enabled)
    expect(await versionAt(table, 150)).toBe(0)
    expect(await versionAt(table, 299)).toBe(1)
    expect(await versionAt(table, 300)).toBe(2)
    expect(await versionAt(table, 500)).toBe(3)
  })

  test('an entry that owes its time is refused', async () => {
    const { table } = written([1, 2], { 0: 100 }, { 'delta.enableInCommitTimestamps': 'true' })
    await expect(versionAt(table, 150)).rejects.toMatchObject({ code: 'TABLE_BROKEN' })
  })
})

test('only entries that are still there count', async () => {
  const log = grown(4)
  log.put(`${versionName(5)}.crc`, '{}', 77)
  expect(await versionAt(log.table, 4)).toBe(4)
  await expect(versionAt(scripted().table, 0)).rejects.toEqual(notThen)
})
