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

/** Raw pins as whoever uses DuckDB without us would read them. */
export function rawPins(file: string): string {
  const columns = Object.entries(FIELDS).map(([name, type]) => `${name}: '${type}'`)
  return `SELECT * FROM read_json('${file}', format = 'newline_delimited', columns = {${columns.join(', ')}})`
}
