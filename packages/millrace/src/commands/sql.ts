import { MillraceError } from '@millrace/base'
import type { Command, Run } from '../command.ts'

const run: Run = async (_settings, args) => {
  args.choice('--format', ['table', 'json', 'csv'])
  throw new MillraceError('NOT_BUILT', 'millrace sql is not built yet')
}

export const sql: Command = {
  about: "Runs one SQL statement over the lake's tables. A table is opened only when the SQL names it.",
  positionals: ['[sql]'],
  settings: ['lake'],
  options: [
    { flag: '--format', value: 'NAME', description: 'table, json (one array of objects) or csv (with a header)' },
  ],
  examples: [
    { command: 'millrace sql "select count(*) from pin"', does: 'count the posts' },
    { command: 'millrace sql --format csv "select * from geo" > geo.csv', does: 'take a table along' },
  ],
  run,
}
