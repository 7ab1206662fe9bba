import { expect, it } from 'vitest'
import { routesOf } from '../src/routes.ts'

const topics = ['pin', '0a1.pin', 'streaming-0a1-geo', 'a_user', 'superuser', 'pinned', 'geo.old']
const found = (chosen: Record<string, string> = {}) =>
  Object.fromEntries(routesOf(['pin', 'geo', 'user'], chosen, topics).map(({ dataset, topics }) => [dataset, topics]))

it('a topic belongs to the data set that its name is or ends in', () => {
  expect(found()).toEqual({ pin: ['0a1.pin', 'pin'], geo: ['streaming-0a1-geo'], user: ['a_user'] })
})

it('what is said for a data set goes before its name', () => {
  expect(found({ pin: 'pinned' })).toMatchObject({ pin: ['pinned'], geo: ['streaming-0a1-geo'] })
})

it('a data set without a topic waits for one of its own name', () => {
  expect(routesOf(['pin'], {}, ['geo'])).toEqual([{ dataset: 'pin', topics: ['pin'], table: 'pin' }])
})
