import {
  between,
  bits,
  type Chance,
  chanceOf,
  endRecord,
  fraction,
  literal,
  type Page,
  put,
  putHex,
  putInteger,
  putOneOf,
  putWords,
  quotable,
  type RecordGenerator,
} from '@millrace/ingest'
import { followersOf, NOBODY, posterOf } from '../../generator/poster.ts'
import { CATEGORIES } from '../../generator/words.ts'

const [PIN, POSTER] = [2, 3]

const FIELDS = {
  index: literal('{"index":'),
  uniqueId: literal(',"unique_id":"'),
  title: literal('","title":"'),
  description: literal('","description":"'),
  posterName: literal('","poster_name":"'),
  followers: literal('","follower_count":"'),
  tags: literal('","tag_list":"'),
  kind: literal('","is_image_or_video":"'),
  image: literal('","image_src":"'),
  downloaded: literal('","downloaded":1'),
  notDownloaded: literal('","downloaded":0'),
}

const SENTINELS = {
  title: quotable('No Title Data Available'),
  description: quotable('No description available'),
  story: quotable('No description available Story format'),
  poster: quotable('User Info Error'),
  tags: quotable('N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e'),
  image: quotable('Image src error.'),
}

const KINDS = {
  image: literal('image'),
  video: literal('video'),
  story: literal('multi-video(story page format)'),
}

/** The last two fields tell the same. */
const ENDINGS = CATEGORIES.map((name) =>
  literal(`,"save_location":"Local save in /data/${name}","category":"${name}"}`),
)

const [DASH, COMMA, SLASH, SPACE, k, M] = [...literal('-,/ kM')] as [number, number, number, number, number, number]
const NEWLINE = quotable('\n')
const NO_BREAK_SPACE = literal('\u00a0')
const UNTITLED = [literal('Untitled'), literal('Art.')]
const TAGS = 9

/** The figures are how many of 2,577 real pins are so; 2,557 of those have a poster, 2,400 are no story. */
function writePin(page: Page, seed: number, post: number, poster: number): void {
  const chance = chanceOf(seed, PIN, post)
  const story = fraction(chance) * 2577 < 177
  put(page, FIELDS.index)
  putInteger(page, post)
  put(page, FIELDS.uniqueId)
  putUuid(page, chance)
  put(page, FIELDS.title)
  putTitle(page, chance, poster)
  put(page, FIELDS.description)
  putDescription(page, chance, poster, story)
  put(page, FIELDS.posterName)
  putPoster(page, seed, poster)
  put(page, FIELDS.tags)
  if (poster === NOBODY || fraction(chance) * 2557 < 18) put(page, SENTINELS.tags)
  else putTags(page, chance)
  put(page, FIELDS.kind)
  put(page, story ? KINDS.story : fraction(chance) * 2400 < 78 ? KINDS.video : KINDS.image)
  put(page, FIELDS.image)
  const lost = poster === NOBODY || fraction(chance) * 2557 < 41
  if (lost) put(page, SENTINELS.image)
  else putImage(page, chance)
  put(page, lost ? FIELDS.notDownloaded : FIELDS.downloaded)
  putOneOf(page, chance, ENDINGS)
  endRecord(page)
}

function putTitle(page: Page, chance: Chance, poster: number): void {
  if (poster === NOBODY) {
    put(page, SENTINELS.title)
    return
  }
  const kind = Math.floor(fraction(chance) * 2557)
  if (kind === 0) return
  putWords(page, chance, between(chance, 2, 6))
  if (kind <= 4) put(page, NEWLINE)
  else page.bytes[page.at++] = SPACE
  putWords(page, chance, between(chance, 2, 5))
  if (kind > 4 && kind <= 12) page.bytes[page.at++] = SPACE
}

function putDescription(page: Page, chance: Chance, poster: number, story: boolean): void {
  const kind = fraction(chance) * 2380
  if (story) put(page, SENTINELS.story)
  else if (poster === NOBODY || kind < 21) put(page, SENTINELS.description)
  else if (kind < 23) putOneOf(page, chance, UNTITLED)
  else {
    putWords(page, chance, between(chance, 14, 32))
    if (fraction(chance) * 2357 < 947) put(page, NO_BREAK_SPACE)
  }
}

/** What is the poster's is the same in all of the poster's posts; no two have the same name. */
function putPoster(page: Page, seed: number, poster: number): void {
  if (poster === NOBODY) {
    put(page, SENTINELS.poster)
    put(page, FIELDS.followers)
    put(page, SENTINELS.poster)
    return
  }
  const chance = chanceOf(seed, POSTER, poster)
  putWords(page, chance, 2)
  page.bytes[page.at++] = SPACE
  putInteger(page, poster)
  if (fraction(chance) * 2557 < 47) page.bytes[page.at++] = SPACE
  put(page, FIELDS.followers)
  const { count, unit } = followersOf(chance)
  putInteger(page, count)
  if (unit !== '') page.bytes[page.at++] = unit === 'k' ? k : M
}

function putTags(page: Page, chance: Chance): void {
  for (let i = 0; i < TAGS; i++) {
    if (i > 0) page.bytes[page.at++] = COMMA
    putWords(page, chance, 2 + (bits(chance) & 1))
  }
}

function putUuid(page: Page, chance: Chance): void {
  const [second, third] = [bits(chance), bits(chance)]
  putHex(page, bits(chance), 8)
  for (const group of [second, second << 16, third]) {
    page.bytes[page.at++] = DASH
    putHex(page, group, 4)
  }
  page.bytes[page.at++] = DASH
  putHex(page, bits(chance), 8)
  putHex(page, third << 16, 4)
}

const IMAGES = literal('https://images.example/originals')
const JPEG = literal('.jpg')

/** In three folders by the first digits of its name. */
function putImage(page: Page, chance: Chance): void {
  put(page, IMAGES)
  const first = bits(chance)
  for (let byte = 0; byte < 3; byte++) {
    page.bytes[page.at++] = SLASH
    putHex(page, first << (8 * byte), 2)
  }
  page.bytes[page.at++] = SLASH
  putHex(page, first, 8)
  for (let i = 0; i < 3; i++) putHex(page, bits(chance), 8)
  put(page, JPEG)
}

export function createGenerator(seed: number): RecordGenerator {
  return { usualBytes: 800, write: (page, post) => writePin(page, seed, post, posterOf(seed, post)) }
}
