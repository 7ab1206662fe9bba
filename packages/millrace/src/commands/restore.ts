import { MillraceError, systemRuntime } from '@millrace/base'
import type { Arguments } from '../arguments.ts'
import { asOfOption } from '../as-of.ts'
import type { Command, Run } from '../command.ts'
import { withTable } from '../with-table.ts'

const run: Run = async ({ values }, args, io) => {
  const [{ committedOrThrow, restoreTable, versionAt }, { rewoundLedger }] = await Promise.all([
    import('@millrace/delta'),
    import('@millrace/outputs'),
  ])
  const progress = progressOf(args)
  const asOf = await asOfOption(args)
  if (asOf === undefined)
    throw new MillraceError('USAGE', 'restore needs a version or a time', { next: 'Say --as-of.' })
  const restored = await withTable(values.lake, args.positionals[0], systemRuntime, async (snapshot) => {
    const version = 'version' in asOf ? asOf.version : await versionAt(snapshot.table, asOf.time)
    const info = progress === 'rewind' ? await rewoundLedger(snapshot.table, version, snapshot.version) : {}
    const result = await restoreTable(snapshot, version, systemRuntime, progress, info)
    const { table, ...after } = committedOrThrow(result)
    return { table: table.path, restored: version, version: after.version }
  })
  if (args.switch('--json')) io.json(restored)
  else
    io.line(`${restored.table} is as it was at version ${restored.restored}; that is version ${restored.version} now`)
  return 0
}

function progressOf(args: Arguments): 'keep' | 'rewind' | undefined {
  const [keep, rewind] = [args.switch('--keep-progress'), args.switch('--rewind')]
  if (keep && rewind) throw new MillraceError('USAGE', '--keep-progress and --rewind go against each other')
  return keep ? 'keep' : rewind ? 'rewind' : undefined
}

export const restore: Command = {
  about:
    'Makes a table what it was at an older version, as a new version: nothing in between is forgotten. A table that a worker fills carries its progress: say whether that stays (the rows taken away do not come again) or goes back too (they do).',
  positionals: ['[table]'],
  settings: ['lake'],
  options: [
    { flag: '--as-of', value: 'VERSION-OR-TIME', description: 'which version; see millrace history' },
    { flag: '--keep-progress', description: 'workers go on where they are' },
    { flag: '--rewind', description: 'workers go on where they were at that version' },
    { flag: '--json', description: 'as an object' },
  ],
  examples: [{ command: 'millrace restore orders --as-of 3 --rewind', does: 'take back what came after version 3' }],
  run,
}
