import { readFile } from 'node:fs/promises'

/** Read as a file: nothing of ours is loaded by who measures DuckDB alone. */
const CLEAN_SQL = new URL('../../examples/pinterest/datasets/pin/clean.sql', import.meta.url)

const FIELDS = {
  index: 'INTEGER',
  unique_id: 'VARCHAR',
  title: 'VARCHAR',
  description: 'VARCHAR',
  poster_name: 'VARCHAR',
  follower_count: 'VARCHAR',
  tag_list: 'VARCHAR',
  is_image_or_video: 'VARCHAR',
  image_src: 'VARCHAR',
  downloaded: 'INTEGER',
  save_location: 'VARCHAR',
  category: 'VARCHAR',
}

/** The file's pins, read as whoever uses DuckDB without us would read them, and cleaned by the data set's own SQL. */
export async function cleanPinsQuery(file: string): Promise<string> {
  const sql = await readFile(CLEAN_SQL, 'utf8')
  const columns = Object.entries(FIELDS).map(([name, type]) => `${name}: '${type}'`)
  const raw = `SELECT * FROM read_json('${file}', format = 'newline_delimited', columns = {${columns.join(', ')}})`
  return `WITH raw AS (${raw}) SELECT * FROM (${sql}\n)`
}
