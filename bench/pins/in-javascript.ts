import { zstdCompressSync } from 'node:zlib'
import { parquetWriteFile } from 'hyparquet-writer'

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

/** What a Node developer writes first: an object a record, cleaned into columns, a Parquet file in the end. */
export interface CleanColumns {
  readonly rows: () => number
  add(json: string): void
  /** Writes what there is, and starts anew. */
  write(path: string): Promise<void>
}

export function cleanColumns(): CleanColumns {
  const start = () =>
    Object.entries(COLUMNS).map(([name, clean]) => ({ name, clean, data: [] as ReturnType<Cleaner>[] }))
  let columns = start()
  return {
    rows: () => columns[0]?.data.length ?? 0,
    add(json) {
      const pin = JSON.parse(json) as RawPin
      for (const { data, clean } of columns) data.push(clean(pin))
    },
    async write(filename) {
      const columnData = columns.map(({ name, data }) => ({ name, data, type: typeOf(name) }))
      columns = start()
      const compressors = { ZSTD: (page: Uint8Array) => new Uint8Array(zstdCompressSync(page)) }
      await parquetWriteFile({ filename, columnData, codec: 'ZSTD', compressors })
    },
  }
}

function typeOf(column: string): 'INT32' | 'STRING' {
  return column === 'ind' || column === 'follower_count' ? 'INT32' : 'STRING'
}

function textOf(value: string | undefined): string | null {
  return value === undefined || NOT_SAID.has(value) ? null : value
}

function followers(text: string | undefined): number | null {
  const [, digits, unit] = /^(\d+)([kM]?)$/.exec(text ?? '') ?? []
  if (digits === undefined) return null
  return Number(digits) * (unit === 'k' ? 1e3 : unit === 'M' ? 1e6 : 1)
}
