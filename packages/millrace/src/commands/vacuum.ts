import { systemRuntime } from '@millrace/base'
import type { Command, Run } from '../command.ts'
import { withTable } from '../with-table.ts'

const HOUR_MS = 3_600_000

const run: Run = async ({ values }, args, io) => {
  const { vacuumTable } = await import('@millrace/delta')
  const hours = args.integer('--retain-hours')
  const options = {
    dryRun: args.switch('--dry-run'),
    force: args.switch('--force'),
    ...(hours === undefined ? {} : { retentionMs: hours * HOUR_MS }),
  }
  const { keys, bytes, deleted } = await withTable(
    values.lake,
    args.positionals[0],
    systemRuntime,
    (snapshot, context) => vacuumTable(snapshot, context, options),
  )
  if (args.switch('--json')) io.json({ keys, bytes, deleted })
  else {
    const { bytesInWords } = await import('@millrace/watch')
    io.line(`${keys.length} files of ${bytesInWords(bytes)} ${deleted ? 'deleted' : 'would go'}`)
  }
  return 0
}

export const vacuum: Command = {
  about: 'Deletes files that no version within the retention needs. The worker does it once a day by itself.',
  positionals: ['[table]'],
  settings: ['lake'],
  options: [
    { flag: '--dry-run', description: 'only say what would go' },
    {
      flag: '--retain-hours',
      value: 'N',
      description: "keep what was removed this lately (the table's own retention)",
    },
    { flag: '--force', description: 'allow less than the retention of the table' },
    { flag: '--json', description: 'as an object' },
  ],
  examples: [{ command: 'millrace vacuum orders --dry-run', does: 'what would go?' }],
  run,
}
