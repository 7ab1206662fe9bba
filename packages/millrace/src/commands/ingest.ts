import { MillraceError } from '@millrace/base'
import type { Command, Run } from '../command.ts'

const run: Run = async (_settings, args) => {
  args.integer('--count')
  args.integer('--seed')
  throw new MillraceError('NOT_BUILT', 'millrace ingest is not built yet')
}

export const ingest: Command = {
  about: 'Sends records of the data sets to a source: made up ones, or those of a file.',
  settings: ['from', 'to', 'datasets', 'mode', 'rate'],
  options: [
    { flag: '--count', value: 'N', description: 'stop after N posts: N records of each data set' },
    { flag: '--seed', value: 'N', description: 'the same seed makes the same records' },
    { flag: '--json', description: 'end with one line of JSON: totals' },
  ],
  examples: [
    { command: 'millrace ingest --count 10000', does: 'ten thousand posts into the embedded store' },
    {
      command: 'millrace ingest --from pin.jsonl --datasets pin --to embedded:./data/stream.db',
      does: 'the records of a file',
    },
  ],
  run,
}
