// random words joined, an object a record, JSON.stringify: without the statistics of real posts
import { made } from '../made.ts'

const WORDS = 'autumn baking balcony bathroom bedroom bright budget cabin calm candle canvas classic cosy craft'.split(
  ' ',
)

const below = (most: number) => Math.floor(Math.random() * most)
const words = (count: number) => Array.from({ length: count }, () => WORDS[below(WORDS.length)]).join(' ')
const moment = () => new Date(1_500_000_000_000 + below(1e11)).toISOString().slice(0, 19).replace('T', ' ')

function* recordsOf(post: number) {
  const id = crypto.randomUUID()
  yield {
    index: post,
    unique_id: id,
    title: words(8),
    description: words(22),
    poster_name: words(3),
    follower_count: `${below(999)}k`,
    tag_list: Array.from({ length: 9 }, () => words(2)).join(),
    is_image_or_video: 'image',
    image_src: `https://images.example/originals/${id.slice(0, 2)}/${id.slice(2, 4)}/${id}.jpg`,
    downloaded: 1,
    save_location: 'Local save in /data/art',
    category: 'art',
  }
  const [latitude, longitude] = [below(1_800_000) / 10_000 - 90, below(3_600_000) / 10_000 - 180]
  yield { ind: post, timestamp: moment(), latitude, longitude, country: words(1) }
  yield { ind: post, first_name: words(1), last_name: words(1), age: 20 + below(41), date_joined: moment() }
}

let next = 0
await made(async (posts) => {
  let bytes = 0
  for (let i = 0; i < posts; i++) {
    for (const record of recordsOf(next++)) bytes += Buffer.from(JSON.stringify(record)).length
  }
  return bytes
})
