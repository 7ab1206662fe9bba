import { MillraceError } from '@millrace/base'
import type { Command, Run } from '../command.ts'

const run: Run = async () => {
  throw new MillraceError('NOT_BUILT', 'millrace stream is not built yet')
}

export const stream: Command = {
  about:
    'Reads a source, cleans its records and commits them to Delta tables, each record once. Ctrl-C stops it cleanly; the next start goes on where it was.',
  settings: ['source', 'lake', 'datasets', 'topics', 'group', 'every', 'maxRows', 'dashboard'],
  options: [
    { flag: '--until-caught-up', description: 'commit everything that is there now, then end' },
    { flag: '--json', description: 'end with one line of JSON: totals' },
  ],
  examples: [
    { command: 'millrace stream', does: 'the embedded default: nothing else needed' },
    { command: 'millrace stream --until-caught-up --json', does: 'commit what is there, print the totals' },
  ],
  run,
}
