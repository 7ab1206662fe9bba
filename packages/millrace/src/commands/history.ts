import { MillraceError, systemRuntime } from '@millrace/base'
import type { Command, Run } from '../command.ts'

const USUAL_LIMIT = 20

const run: Run = async ({ values }, args, io) => {
  const [{ openLake }, { tableHistory }] = await Promise.all([import('@millrace/store'), import('@millrace/delta')])
  const [path] = args.positionals
  if (path === undefined) throw new MillraceError('USAGE', 'history needs the name of a table')
  const entries = await tableHistory(
    { store: await openLake(values.lake), path },
    args.integer('--limit') ?? USUAL_LIMIT,
  )
  if (entries.length === 0) throw new MillraceError('TABLE_NOT_FOUND', `there is no table ${path} in ${values.lake}`)
  if (args.switch('--json')) io.json(entries)
  else {
    const { agoInWords, exactCountInWords } = await import('@millrace/watch')
    const now = systemRuntime.now()
    const rows = entries.map(({ version, time, operation, metrics, addedFiles, removedFiles, engine }) => {
      const written = metrics.numOutputRows
      const count = written === undefined ? undefined : exactCountInWords(Number(written))
      return [version, agoInWords(time, now), operation, count, addedFiles, removedFiles, engine]
    })
    const look = {
      right: ['rows', 'when'],
      colour: (column: string) => (column === 'when' ? 'dim' : undefined),
    } as const
    await io.table(['version', 'when', 'operation', 'rows', 'files added', 'removed', 'engine'], rows, look)
  }
  return 0
}

export const history: Command = {
  about: 'Lists the commits of one table, the newest first.',
  positionals: ['[table]'],
  settings: ['lake'],
  options: [
    { flag: '--limit', value: 'N', description: `the newest N (${USUAL_LIMIT})` },
    { flag: '--json', description: 'as an array of objects' },
  ],
  examples: [{ command: 'millrace history orders', does: 'who committed what, and when' }],
  run,
}
