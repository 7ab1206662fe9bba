// JSON.parse, an object a record, a JavaScript Parquet writer with Node's own zstd
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { parquetWriteFile } from 'hyparquet-writer'
import { job, ready, report } from '../../src/contestant.ts'

const NOT_SAID = new Set([
  '',
  'No Title Data Available',
  'No description available Story format',
  'No description available',
  'User Info Error',
  'N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e',
  'Image src error.',
])

type RawPin = Readonly<Record<string, string>> & { readonly index: number }
type Cleaner = (pin: RawPin) => string | number | null

const said = (name: string) => (pin: RawPin) => textOf(pin[name])
const COLUMNS: Readonly<Record<string, Cleaner>> = {
  ind: (pin) => pin.index,
  unique_id: said('unique_id'),
  title: said('title'),
  description: said('description'),
  follower_count: ({ follower_count }) => followers(follower_count),
  poster_name: said('poster_name'),
  tag_list: said('tag_list'),
  is_image_or_video: said('is_image_or_video'),
  image_src: said('image_src'),
  save_location: ({ save_location }) => save_location?.replace('Local save in ', '') ?? null,
  category: said('category'),
}

const { input, output } = job()
const bytes = await readFile(join(input, 'pins.jsonl'))
await ready()
const columns = Object.entries(COLUMNS).map(([name, clean]) => ({ name, clean, data: [] as ReturnType<Cleaner>[] }))
for (let from = 0, end = bytes.indexOf('\n'); end >= 0; from = end + 1, end = bytes.indexOf('\n', from)) {
  const pin = JSON.parse(bytes.toString('utf8', from, end)) as RawPin
  for (const { data, clean } of columns) data.push(clean(pin))
}
await parquetWriteFile({
  filename: join(output, 'pins.parquet'),
  columnData: columns.map(({ name, data }) => ({
    name,
    data,
    type: name === 'ind' || name === 'follower_count' ? ('INT32' as const) : ('STRING' as const),
  })),
  codec: 'ZSTD',
  compressors: { ZSTD: (page: Uint8Array) => new Uint8Array(zstdCompressSync(page)) },
})
report({ engine: 'hyparquet-writer 0.17.0' })

function textOf(value: string | undefined): string | null {
  return value === undefined || NOT_SAID.has(value) ? null : value
}

function followers(text: string | undefined): number | null {
  const [, digits, unit] = /^(\d+)([kM]?)$/.exec(text ?? '') ?? []
  if (digits === undefined) return null
  return Number(digits) * (unit === 'k' ? 1e3 : unit === 'M' ? 1e6 : 1)
}
