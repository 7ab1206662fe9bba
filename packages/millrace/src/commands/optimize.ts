import { systemRuntime } from '@millrace/base'
import type { Command, Run } from '../command.ts'
import { withTable } from '../with-table.ts'

const run: Run = async ({ values }, args, io) => {
  const { optimizeTable } = await import('@millrace/delta')
  const done = await withTable(values.lake, args.positionals[0], systemRuntime, (snapshot, context) =>
    optimizeTable(snapshot, context, { signal: io.signal }),
  )
  const { removedFiles, removedBytes, addedFiles, addedBytes, conflicts } = done
  if (args.switch('--json')) io.json({ removedFiles, removedBytes, addedFiles, addedBytes, conflicts })
  else {
    const { bytesInWords } = await import('@millrace/watch')
    io.line(
      `${removedFiles} files of ${bytesInWords(removedBytes)} became ${addedFiles} of ${bytesInWords(addedBytes)}`,
    )
  }
  return 0
}

export const optimize: Command = {
  about:
    'Makes few large files of many small ones. No row changes, and appends never wait. The worker does it by itself.',
  positionals: ['[table]'],
  settings: ['lake'],
  options: [{ flag: '--json', description: 'as an object' }],
  examples: [{ command: 'millrace optimize orders', does: 'pack the small files of orders' }],
  run,
}
