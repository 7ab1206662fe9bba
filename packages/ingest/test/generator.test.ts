import { expect, it } from 'vitest'
import { generatePost } from '../src/generator/posts.ts'

const POSTS = 20_000
const posts = Array.from({ length: POSTS }, (_, ind) => generatePost(1, ind))
const share = (holds: (pin: Readonly<Record<string, unknown>>) => boolean) =>
  posts.filter(({ pin }) => holds(pin)).length / POSTS

it('the same seed and number give the same post, another seed another one', () => {
  expect(generatePost(5, 17)).toEqual(generatePost(5, 17))
  expect(generatePost(6, 17)).not.toEqual(generatePost(5, 17))
})

it.each([
  [
    'every sentinel at once',
    20 / 2577,
    (pin: Readonly<Record<string, unknown>>) => pin.poster_name === 'User Info Error',
  ],
  [
    'a story',
    177 / 2577,
    (pin: Readonly<Record<string, unknown>>) => pin.is_image_or_video === 'multi-video(story page format)',
  ],
  ['a lost image', 61 / 2577, (pin: Readonly<Record<string, unknown>>) => pin.image_src === 'Image src error.'],
  [
    'followers in thousands',
    1913 / 2577,
    (pin: Readonly<Record<string, unknown>>) => String(pin.follower_count).endsWith('k'),
  ],
] as const)('%s is as frequent as in the real data', (_, rate, holds) => {
  const spread = 5 * Math.sqrt((rate * (1 - rate)) / POSTS)
  expect(Math.abs(share(holds) - rate)).toBeLessThan(spread)
})

it('downloaded is 0 exactly when the image is lost, and a story has its own description', () => {
  for (const { pin } of posts) {
    expect(pin.downloaded === 0).toBe(pin.image_src === 'Image src error.')
    const story = pin.is_image_or_video === 'multi-video(story page format)'
    expect(pin.description === 'No description available Story format').toBe(story)
  }
})

it('places and users stay within the ranges of the real data', () => {
  for (const { geo, user } of posts) {
    expect(String(geo.timestamp) >= '2017-10-19' && String(geo.timestamp) < '2022-10-20').toBe(true)
    expect(String(user.date_joined) >= '2015-10-21' && String(user.date_joined) < '2017-10-21').toBe(true)
    expect(Number(user.age) >= 20 && Number(user.age) <= 60).toBe(true)
    expect(Math.abs(Number(geo.latitude)) <= 90 && Math.abs(Number(geo.longitude)) <= 180).toBe(true)
  }
})
