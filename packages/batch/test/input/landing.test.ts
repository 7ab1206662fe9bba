import { openLake } from '@millrace/store'
import { describe, expect, it } from 'vitest'
import { listLanding } from '../../src/input/landing.ts'
import type { RawObject } from '../../src/manifest.ts'
import { openPlace } from '../kit.ts'

const name = (partition: number, offset: number) =>
  `topics/0a1.pin/partition=${partition}/0a1.pin+${partition}+${String(offset).padStart(10, '0')}.json`

async function openLanding() {
  const place = await openPlace()
  const store = await openLake(place.raw)
  const seen = new Map<string, RawObject>()
  let watermarks: Readonly<Record<string, RawObject>> = {}
  let pending: readonly RawObject[] = []
  return {
    put: (keys: readonly string[], text = '{}') => Promise.all(keys.map((key) => place.put(key, text))),
    reject: (objects: readonly RawObject[]) => {
      pending = objects
    },
    /** One run's listing. */
    async list(everything = false) {
      const before = { watermarks, seen: async () => seen, pending: async () => pending }
      const landed = await listLanding(store, before, everything)
      for (const object of landed.objects) seen.set(object.key, object)
      watermarks = landed.watermarks
      return { keys: landed.objects.map(({ key }) => key).sort(), missed: landed.missed, objects: landed.objects }
    },
  }
}

describe('in the layout of Kafka Connect', () => {
  it('each partition goes on from its last name, whatever the order of the folders', async () => {
    const landing = await openLanding()
    await landing.put([name(2, 0), name(10, 0), name(10, 1)])
    expect((await landing.list()).keys).toHaveLength(3)
    await landing.put([name(2, 1), name(10, 2), name(3, 0)])
    expect((await landing.list()).keys).toEqual([name(10, 2), name(2, 1), name(3, 0)].sort())
    expect((await landing.list()).keys).toEqual([])
  })

  it('what came late is missed, until everything is listed; then it is read, and told', async () => {
    const landing = await openLanding()
    await landing.put([name(0, 5)])
    await landing.list()
    await landing.put([name(0, 3)])
    expect((await landing.list()).keys).toEqual([])
    expect(await landing.list(true)).toMatchObject({ keys: [name(0, 3)], missed: [name(0, 3)] })
    expect(await landing.list(true)).toMatchObject({ keys: [], missed: [] })
  })

  it('a topic that was made anew starts its names again: its folder is read as a new one', async () => {
    const landing = await openLanding()
    await landing.put([name(0, 0), name(0, 1)])
    await landing.list()
    await landing.put([name(0, 0), name(0, 1)], '{"another": 1}')
    expect((await landing.list()).keys).toEqual([name(0, 0), name(0, 1)])
  })

  it('one that was rejected is read again once it has changed', async () => {
    const landing = await openLanding()
    await landing.put([name(0, 0), name(0, 1)])
    const { objects } = await landing.list()
    landing.reject(objects.filter(({ key }) => key === name(0, 0)))
    expect((await landing.list()).keys).toEqual([])
    await landing.put([name(0, 0)], '{"whole": true}')
    expect((await landing.list()).keys).toEqual([name(0, 0)])
  })
})

it('names without an order are compared with all that were read', async () => {
  const landing = await openLanding()
  await landing.put(['events/event-b.json', 'events/event-d.json'])
  await landing.list()
  await landing.put(['events/event-a.json', 'events/event-c.json'])
  await landing.put(['events/event-d.json'], '{"changed": true}')
  expect((await landing.list()).keys).toEqual(['events/event-a.json', 'events/event-c.json', 'events/event-d.json'])
})
