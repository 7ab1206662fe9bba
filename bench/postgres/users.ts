import { PINTEREST } from '@millrace/testkit'
import { loadDataset } from '@millrace/transform'

const FIELDS = "{ind: 'INTEGER', first_name: 'VARCHAR', last_name: 'VARCHAR', age: 'INTEGER', date_joined: 'TIMESTAMP'}"

/** The file's users, read as whoever uses DuckDB without us would read them, cleaned by the data set's own SQL. */
export async function cleanUsersQuery(file: string): Promise<string> {
  const { sql } = await loadDataset('user', [PINTEREST.datasets])
  const raw = `SELECT * FROM read_json('${file}', format = 'newline_delimited', columns = ${FIELDS})`
  return `WITH raw AS (${raw}) SELECT * FROM (${sql}\n)`
}
