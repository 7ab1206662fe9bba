import { expect, it } from 'vitest'
import { routesOf } from '../src/index.ts'

const topics = ['pin', '0a1.pin', 'streaming-0a1-geo', 'a_user', 'superuser', 'pinned', 'geo.old']
const found = (chosen: Record<string, string[]> = {}) =>
  Object.fromEntries(
    routesOf({ datasets: ['pin', 'geo', 'user'], topics: chosen }, topics).map(({ dataset, topics }) => [
      dataset,
      topics,
    ]),
  )

it('a topic belongs to the data set that its name is or ends in', () => {
  expect(found()).toEqual({ pin: ['0a1.pin', 'pin'], geo: ['streaming-0a1-geo'], user: ['a_user'] })
})

it('what is said for a data set goes before its name', () => {
  expect(found({ pin: ['pinned'] })).toMatchObject({ pin: ['pinned'], geo: ['streaming-0a1-geo'] })
})

it('a data set without a topic waits for one of its own name', () => {
  expect(routesOf({ datasets: ['pin'] }, ['geo'])).toEqual([
    { dataset: 'pin', topics: ['pin'], kinds: new Map(), table: 'pin' },
  ])
})

it('a data set can have several topics', () => {
  expect(found({ pin: ['pinned', 'geo.old'] })).toMatchObject({ pin: ['geo.old', 'pinned'] })
})

it('of a topic that carries several kinds each data set has its own, and the first named the unrecognized records', () => {
  const chosen = { geo: ['events[key=g]', 'geo'], pin: ['events[key=p]', 'events[key=P]'] }
  const [pin, geo] = routesOf({ datasets: ['pin', 'geo'], topics: chosen }, topics)
  const known = new Set(['p', 'P', 'g'])
  expect(pin?.kinds?.get('events')).toEqual({ by: 'key', mine: new Set(['p', 'P']), known, takesUnrecognized: true })
  expect(geo).toMatchObject({ topics: ['events', 'geo'] })
  expect([...(geo?.kinds ?? [])]).toEqual([
    ['events', { by: 'key', mine: new Set(['g']), known, takesUnrecognized: false }],
  ])
  const byField = routesOf({ datasets: ['pin'], topics: { pin: ['events[type=1]'] } }, topics)[0]
  expect(byField?.kinds?.get('events')).toMatchObject({ by: { field: 'type' }, mine: new Set(['1']) })
})

it.each([
  ['told apart in two ways', { pin: ['events[key=p]'], geo: ['events[type=g]'] }],
  ['all of it and one kind of it', { pin: ['events[key=p]'], geo: ['events'] }],
  ['one kind for two', { pin: ['events[key=p]'], geo: ['events[key=p]'] }],
])('a topic is refused whose records could belong twice: %s', (_, chosen) => {
  expect(() => routesOf({ datasets: ['pin', 'geo'], topics: chosen }, topics)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  )
})

it('a table is called as its data set is, unless somebody says otherwise', () => {
  const routes = routesOf(
    { datasets: ['pin', 'geo'], tableOf: (name) => (name === 'pin' ? '0a1_pin_table' : name) },
    topics,
  )
  expect(routes.map(({ table }) => table)).toEqual(['0a1_pin_table', 'geo'])
})

it('a pattern finds topics that have a table each: those that no data set has, and none that is internal', () => {
  const present = ['shop.b', 'shop.a', 'orders', 'xshop.c', '_shop.d']
  const chosen = { '*': ['/shop\\..*|orders|_.*/'], orders: ['orders'] }
  const tableOf = (name: string) => `t_${name}`
  const of = (template?: string) =>
    routesOf({ datasets: ['orders'], topics: chosen, tableOf, ...(template && { template }) }, present)
  expect(of().map(({ dataset, topics, table, isFound }) => [dataset, topics, table, isFound])).toEqual([
    ['orders', ['orders'], 't_orders', undefined],
    ['shop.a', ['shop.a'], 't_shop.a', true],
    ['shop.b', ['shop.b'], 't_shop.b', true],
  ])
  expect(of('any').map(({ template }) => template)).toEqual([undefined, 'any', 'any'])
})

it('a pattern for a data set stands for all topics that match, and for none where none does', () => {
  const chosen = { pin: ['/.*pin/', 'other'], geo: ['/nothing/'] }
  expect(routesOf({ datasets: ['pin', 'geo'], topics: chosen }, topics).map((route) => route.topics)).toEqual([
    ['0a1.pin', 'other', 'pin'],
    [],
  ])
})
