import { type Chance, chanceOf } from './chance.ts'
import { CATEGORIES, COUNTRIES, FIRST_NAMES, LAST_NAMES, WORDS } from './words.ts'

/** The records of one post, by data set. */
export type Post = Readonly<Record<'pin' | 'geo' | 'user', Readonly<Record<string, unknown>>>>

/** Post number `ind` of a seed: always the same one, with the dirt that real posts have at its real rates. */
export function generatePost(seed: number, ind: number): Post {
  const chance = chanceOf(seed, ind)
  return { pin: pin(chance, ind), geo: geo(chance, ind), user: user(chance, ind) }
}

function pin(chance: Chance, index: number) {
  const erroneous = chance.fraction() < 20 / 2577
  const story = chance.fraction() < 177 / 2577
  const category = chance.pick(CATEGORIES)
  const imageLost = erroneous || chance.fraction() < 41 / 2577
  return {
    index,
    unique_id: `${chance.hex(8)}-${chance.hex(4)}-${chance.hex(4)}-${chance.hex(4)}-${chance.hex(12)}`,
    title: erroneous ? 'No Title Data Available' : sentence(chance, 5, 14),
    description: description(chance, erroneous, story),
    poster_name: erroneous ? 'User Info Error' : sentence(chance, 2, 2),
    follower_count: erroneous ? 'User Info Error' : followers(chance),
    tag_list: erroneous ? 'N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e' : tags(chance),
    is_image_or_video: story ? 'multi-video(story page format)' : chance.fraction() < 78 / 2400 ? 'video' : 'image',
    image_src: imageLost ? 'Image src error.' : imageAddress(chance),
    downloaded: imageLost ? 0 : 1,
    save_location: `Local save in /data/${category}`,
    category,
  }
}

function description(chance: Chance, erroneous: boolean, story: boolean): string {
  if (story) return 'No description available Story format'
  if (erroneous || chance.fraction() < 20 / 2400) return 'No description available'
  return sentence(chance, 15, 50) + (chance.fraction() < 947 / 2360 ? '\u00a0' : '')
}

function followers(chance: Chance): string {
  const kind = chance.fraction()
  if (kind < 1913 / 2557) return `${chance.between(1, 999)}k`
  if (kind < 2357 / 2557) return String(chance.between(0, 970))
  return `${chance.between(1, 15)}M`
}

function tags(chance: Chance): string {
  return Array.from({ length: 8 }, () => sentence(chance, 2, 2)).join(',')
}

function imageAddress(chance: Chance): string {
  return `https://images.example/originals/${chance.hex(2)}/${chance.hex(2)}/${chance.hex(2)}/${chance.hex(32)}.jpg`
}

function geo(chance: Chance, ind: number) {
  return {
    ind,
    timestamp: momentBetween(chance, Date.UTC(2017, 9, 19), Date.UTC(2022, 9, 19)),
    latitude: chance.between(-900_000, 900_000) / 10_000,
    longitude: chance.between(-1_800_000, 1_800_000) / 10_000,
    country: chance.pick(COUNTRIES),
  }
}

function user(chance: Chance, ind: number) {
  return {
    ind,
    first_name: chance.pick(FIRST_NAMES),
    last_name: chance.pick(LAST_NAMES),
    age: chance.between(20, 60),
    date_joined: momentBetween(chance, Date.UTC(2015, 9, 21), Date.UTC(2017, 9, 20)),
  }
}

function momentBetween(chance: Chance, from: number, to: number): string {
  return new Date(chance.between(from, to)).toISOString().slice(0, 19).replace('T', ' ')
}

function sentence(chance: Chance, least: number, most: number): string {
  return Array.from({ length: chance.between(least, most) }, () => chance.pick(WORDS)).join(' ')
}
