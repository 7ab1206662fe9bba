import { PINTEREST } from '@millrace/testkit'
import { expect, it } from 'vitest'
import { generatorFeed } from '../../src/index.ts'

interface Pin {
  readonly index: number
  readonly unique_id: string
  readonly title: string
  readonly description: string
  readonly poster_name: string
  readonly follower_count: string
  readonly tag_list: string
  readonly is_image_or_video: string
  readonly image_src: string
  readonly downloaded: number
  readonly save_location: string
  readonly category: string
}

interface Geo {
  readonly ind: number
  readonly timestamp: string
  readonly latitude: number
  readonly longitude: number
  readonly country: string
}

interface User {
  readonly ind: number
  readonly first_name: string
  readonly last_name: string
  readonly age: number
  readonly date_joined: string
}

/** Four of the emulator's tables: what is the poster's varies with the posters, of whom there are fewer. */
const POSTS = 44_000
const REAL_POSTS = 2577

const { pins, geos, users } = await posts(POSTS, 1)

async function posts(count: number, seed: number) {
  const feed = await generatorFeed({
    datasets: ['pin', 'geo', 'user'],
    datasetFolders: [PINTEREST.datasets],
    mode: 'all',
    seed,
  })
  const batch = await feed.next(count)
  const parsed = (dataset: string) =>
    (batch?.get(dataset) ?? []).map((bytes) => JSON.parse(Buffer.from(bytes).toString()))
  return { pins: parsed('pin') as Pin[], geos: parsed('geo') as Geo[], users: parsed('user') as User[] }
}

async function rawBatch(seed: number, mode: 'all' | 'random', parts: readonly number[]) {
  const feed = await generatorFeed({
    datasets: ['pin', 'geo', 'user'],
    datasetFolders: [PINTEREST.datasets],
    mode,
    seed,
  })
  const texts: string[] = []
  for (const most of parts) {
    const batch = await feed.next(most)
    texts.push(...[...(batch?.values() ?? [])].flat().map((bytes) => Buffer.from(bytes).toString()))
  }
  return texts.sort()
}

it('the same seed makes the same records, however many are asked for at a time; another seed makes others', async () => {
  for (const mode of ['all', 'random'] as const) {
    const records = await rawBatch(5, mode, [100])
    expect(await rawBatch(5, mode, [1, 60, 39])).toEqual(records)
    expect(await rawBatch(6, mode, [100])).not.toEqual(records)
  }
})

it('a post drawn again is the same post, byte for byte', async () => {
  const feed = await generatorFeed({ datasets: ['pin'], datasetFolders: [PINTEREST.datasets], mode: 'random', seed: 3 })
  const drawn = (await feed.next(2_000))?.get('pin')?.map((bytes) => Buffer.from(bytes).toString()) ?? []
  const numbers = drawn.map((text) => (JSON.parse(text) as Pin).index)
  expect(new Set(numbers).size).toBeLessThan(drawn.length)
  expect(new Set(drawn).size).toBe(new Set(numbers).size)
})

/** Of 2,577 real pins, so many. Where it is the poster's doing, the posters are the sample. */
const RATES: readonly (readonly [string, number, (pin: Pin) => boolean, 'post' | 'poster'])[] = [
  ['title: the sentinel', 20, ({ title }) => title === 'No Title Data Available', 'post'],
  ['title: empty', 1, ({ title }) => title === '', 'post'],
  ['title: with a newline', 4, ({ title }) => title.includes('\n'), 'post'],
  [
    'description: of a story',
    177,
    ({ description }) => description === 'No description available Story format',
    'post',
  ],
  ['description: the sentinel', 40, ({ description }) => description === 'No description available', 'post'],
  ['description: Untitled', 1, ({ description }) => description === 'Untitled', 'post'],
  ['description: Art.', 1, ({ description }) => description === 'Art.', 'post'],
  ['description: ends in a no-break space', 947, ({ description }) => description.endsWith('\u00a0'), 'post'],
  ['poster: the sentinel', 20, ({ poster_name }) => poster_name === 'User Info Error', 'post'],
  ['poster: with outer space', 47, ({ poster_name }) => poster_name.trim() !== poster_name, 'poster'],
  ['followers: the sentinel', 20, ({ follower_count }) => follower_count === 'User Info Error', 'post'],
  ['followers: thousands', 1913, ({ follower_count }) => /^[1-9]\d{0,2}k$/.test(follower_count), 'poster'],
  ['followers: plain, up to 970', 444, ({ follower_count }) => Number(follower_count) <= 970, 'poster'],
  ['followers: millions, up to 15', 200, ({ follower_count }) => /^([1-9]|1[0-5])M$/.test(follower_count), 'poster'],
  ['tags: the sentinel', 38, ({ tag_list }) => tag_list === 'N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e', 'post'],
  ['kind: story', 177, ({ is_image_or_video }) => is_image_or_video === 'multi-video(story page format)', 'post'],
  ['kind: video', 78, ({ is_image_or_video }) => is_image_or_video === 'video', 'post'],
  ['kind: image', 2322, ({ is_image_or_video }) => is_image_or_video === 'image', 'post'],
  ['image: lost', 61, ({ image_src }) => image_src === 'Image src error.', 'post'],
]

it.each(RATES)('%s is as frequent as in the real data', (_, real, holds, whose) => {
  const rate = real / REAL_POSTS
  const share = (sample: readonly Pin[]) => sample.filter(holds).length / sample.length
  const ofPosters = [...new Map(pins.map((pin) => [pin.poster_name, pin])).values()]
  const sample = whose === 'post' ? pins : ofPosters
  const spread = 4.5 * Math.sqrt((rate * (1 - rate)) / sample.length)
  expect(Math.abs(share(sample) - rate)).toBeLessThan(spread)
})

it('all six sentinels come at once, where the poster is the sentinel', () => {
  const erroneous = pins.filter(({ poster_name }) => poster_name === 'User Info Error')
  expect(erroneous.length).toBeGreaterThan(0)
  for (const pin of erroneous) {
    expect(pin.title).toBe('No Title Data Available')
    expect(pin.description).toMatch(/^No description available/)
    expect(pin.follower_count).toBe('User Info Error')
    expect(pin.tag_list).toBe('N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e')
    expect(pin.image_src).toBe('Image src error.')
  }
})

it('a lost image is not downloaded, all others are; exactly the stories have the story description', () => {
  const isStory = (pin: Pin) => pin.is_image_or_video === 'multi-video(story page format)'
  expect(pins.filter((pin) => pin.downloaded !== (pin.image_src === 'Image src error.' ? 0 : 1))).toEqual([])
  const described = (pin: Pin) => pin.description === 'No description available Story format'
  expect(pins.filter((pin) => described(pin) !== isStory(pin))).toEqual([])
})

it('the thirteen categories are about as frequent as each other, and are where the post is saved', () => {
  const counts = Map.groupBy(pins, ({ category }) => category)
  expect([...counts.keys()].sort()).toEqual([
    ...['art', 'beauty', 'christmas', 'diy-and-crafts', 'education', 'event-planning', 'finance', 'home-decor'],
    ...['mens-fashion', 'quotes', 'tattoos', 'travel', 'vehicles'],
  ])
  for (const [category, posts] of counts) {
    expect(Math.abs(posts.length / POSTS - 1 / 13)).toBeLessThan(0.01)
    expect(new Set(posts.map((pin) => pin.save_location))).toEqual(new Set([`Local save in /data/${category}`]))
  }
})

it('places, times and ages fill the ranges of the real data and stay within them', () => {
  const days = (texts: readonly string[]) => texts.map((text) => text.slice(0, 10)).sort()
  const shape = /^\d{4}-\d{2}-\d{2} ([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/
  expect(geos.filter(({ timestamp }) => !shape.test(timestamp))).toEqual([])
  expect(users.filter(({ date_joined }) => !shape.test(date_joined))).toEqual([])
  const seen = days(geos.map(({ timestamp }) => timestamp))
  expect([seen[0], seen.at(-1)]).toEqual(['2017-10-19', '2022-10-19'])
  const joined = days(users.map(({ date_joined }) => date_joined))
  expect([joined[0], joined.at(-1)]).toEqual(['2015-10-21', expect.stringMatching(/^2017-10-(1\d|20)$/)])
  const ages = new Set(users.map(({ age }) => age))
  expect([Math.min(...ages), Math.max(...ages), ages.size]).toEqual([20, 60, 41])
  expect(Math.max(...geos.map(({ latitude }) => Math.abs(latitude)))).toBeLessThanOrEqual(90)
  expect(Math.max(...geos.map(({ longitude }) => Math.abs(longitude)))).toBeLessThanOrEqual(180)
  expect(new Set(geos.map(({ country }) => country)).size).toBe(243)
})

it('numbers every record with its post, and every post has an id of its own', () => {
  const numbers = Array.from({ length: POSTS }, (_, post) => post)
  expect(pins.map(({ index }) => index)).toEqual(numbers)
  expect(geos.map(({ ind }) => ind)).toEqual(numbers)
  expect(users.map(({ ind }) => ind)).toEqual(numbers)
  expect(new Set(pins.map(({ unique_id }) => unique_id)).size).toBe(POSTS)
})

it('a poster is one to one with a place and a user, wherever the posts are', () => {
  const others = new Map<string, string>()
  const posters = new Map<string, string>()
  const torn: string[] = []
  for (const [post, { poster_name, follower_count }] of pins.entries()) {
    const { ind: _place, timestamp: _moment, ...place } = geos[post] as Geo
    const { ind: _user, ...user } = users[post] as User
    const other = JSON.stringify([place, user, follower_count])
    if ((others.get(poster_name) ?? other) !== other) torn.push(poster_name)
    if ((posters.get(other) ?? poster_name) !== poster_name) torn.push(poster_name)
    others.set(poster_name, other)
    posters.set(other, poster_name)
  }
  expect(torn).toEqual([])
  expect(others.size).toBeLessThan(POSTS / 4 + 2)
  expect(others.size).toBeGreaterThan(POSTS / 8)
})

it('a data set that there is not is refused with those that there are', async () => {
  const feed = generatorFeed({ datasets: ['order'], datasetFolders: [PINTEREST.datasets], mode: 'all', seed: 1 })
  await expect(feed).rejects.toThrow(/geo, pin, user/)
})
