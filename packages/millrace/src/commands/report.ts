import { MillraceError } from '@millrace/base'
import type { Command, Run } from '../command.ts'
import { withOutputFile } from '../output-file.ts'

const run: Run = async ({ values }, args, io) => {
  const file = args.text('--output')
  if (file === undefined && io.interactive) {
    throw new MillraceError('USAGE', 'a page is nothing to read on a screen', { next: 'Name a file: -o report.html.' })
  }
  const [{ openLake }, { loadQuestions, readResults, renderReport }] = await Promise.all([
    import('@millrace/store'),
    import('@millrace/queries'),
  ])
  const questions = await loadQuestions(values.questionFolders)
  const page = await renderReport(await readResults(await openLake(values.lake), questions, args.text('--date')))
  if (file === undefined) await io.write(page)
  else await withOutputFile(file, (sink) => sink(page))
  return 0
}

export const report: Command = {
  about: 'Makes one HTML page of the answers of a daily run; it needs no network, and nothing beside it.',
  settings: ['lake', 'questionFolders'],
  options: [
    { flag: '--output', short: '-o', value: 'FILE', description: 'where to (standard output)' },
    { flag: '--date', value: 'YYYY-MM-DD', description: 'of which run (the last one)' },
  ],
  examples: [
    { command: 'millrace report -o report.html', does: 'what the last run found' },
    { command: 'millrace report --date 2026-01-31 -o january.html', does: 'what that run found' },
  ],
  run,
}
