import { readdir } from 'node:fs/promises'
import { systemRuntime } from '@millrace/base'
import { temporaryFolder } from '@millrace/testkit'
import { describe, expect, test } from 'vitest'
import { fileStore } from '../src/file.ts'
import { type Finding, faultyStore, memoryStore, type ObjectStore, probeStore } from '../src/index.ts'
import { CHECKS, expectAllWell } from './expect-all-well.ts'

const wrongOf = (findings: readonly Finding[]) => findings.filter(({ ok }) => !ok).map(({ check }) => check)

describe('a good store', () => {
  test('memory passes, and nothing is left', () => expectAllWell(memoryStore()))

  test('a folder passes, and nothing is left', async () => {
    const folder = await temporaryFolder()
    await expectAllWell(fileStore(folder))
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(['.millrace-tmp', '_millrace'])
  })
})

describe('an unsuitable store is found out', () => {
  test('when it creates what exists', async () => {
    const store = memoryStore()
    const careless: ObjectStore = {
      ...store,
      async putIfAbsent(key, bytes) {
        await store.put(key, bytes)
        return 'created'
      },
    }

    expect(wrongOf(await probeStore(careless, systemRuntime))).toEqual(['atomic create'])
  })

  test('when it looks first and writes then', async () => {
    const store = memoryStore()
    const racy: ObjectStore = {
      ...store,
      async putIfAbsent(key, bytes) {
        if (await store.get(key)) return 'exists'
        await store.put(key, bytes)
        return 'created'
      },
    }

    expect(wrongOf(await probeStore(racy, systemRuntime))).toEqual(['atomic create'])
  })

  test('when its listings lag behind', async () => {
    const store = memoryStore()
    let shown: string[] = []
    const lagging: ObjectStore = {
      ...store,
      async *keys(prefix, after) {
        const now = await Array.fromAsync(store.keys(prefix, after))
        yield* shown
        shown = now
      },
    }

    expect(wrongOf(await probeStore(lagging, systemRuntime))).toContain('listing')
  })

  test('when its listings have another order', async () => {
    const store = memoryStore()
    const unsorted: ObjectStore = {
      ...store,
      async *keys(prefix, after) {
        yield* (await Array.fromAsync(store.keys(prefix, after))).reverse()
      },
    }

    expect(wrongOf(await probeStore(unsorted, systemRuntime))).toEqual(['listing'])
  })

  test('when its clock is off', async () => {
    const store = memoryStore(new Map(), { ...systemRuntime, now: () => systemRuntime.now() - 600_000 })

    const findings = await probeStore(store, systemRuntime)

    expect(wrongOf(findings)).toEqual(['clock'])
    expect(findings.find(({ ok }) => !ok)).toMatchObject({
      detail: expect.stringContaining('600.0 s'),
      next: expect.stringContaining('NTP'),
    })
  })

  test.for(['put', 'get', 'list', 'delete'])('when %s is not allowed', async (operation) => {
    const store = faultyStore(
      memoryStore(),
      (call) => (call.operation === operation ? 'refused' : undefined),
      systemRuntime,
    )

    const findings = await probeStore(store, systemRuntime)

    expect(findings.map(({ check }) => check)).toEqual(CHECKS)
    expect(wrongOf(findings)).not.toEqual([])
  })
})
