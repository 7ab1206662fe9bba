import { MillraceError } from '@millrace/base'
import type { Command, Run } from '../command.ts'

const DATA_DID_NOT_PASS = 3

const run: Run = async ({ values: { datasets, datasetFolders } }, args, io) => {
  const { runFixtures } = await import('../fixtures.ts')
  const chosen = args.positionals.length > 0 ? args.positionals : datasets
  const results = []
  for (const name of chosen) results.push(...(await runFixtures(name, datasetFolders)))
  if (results.length === 0) {
    throw new MillraceError('DATASET_INVALID', `${chosen.join(', ')}: there are no fixtures`, {
      next: 'Put records into fixtures/NAME.jsonl of the data set, and the rows that they should give into NAME.clean.jsonl.',
    })
  }
  const failed = results.filter(({ differences }) => differences.length > 0)
  if (args.switch('--json')) io.json(results)
  else {
    for (const { dataset, fixture, records, differences } of results) {
      const mark = differences.length === 0 ? io.style('green', 'ok    ') : io.style('red', 'FAILED')
      io.line(`${mark} ${dataset} ${fixture}: ${records} records`)
      for (const difference of differences) io.line(`       ${difference}`)
    }
    io.line(`${results.length - failed.length} passed, ${failed.length} failed`)
  }
  return failed.length === 0 ? 0 : DATA_DID_NOT_PASS
}

export const test: Command = {
  about:
    'Runs the fixtures of data sets: x.jsonl goes in, x.clean.jsonl should come out, x.bad.jsonl says which lines should be rejected and why. Says which column of which record differs.',
  positionals: ['[datasets...]'],
  settings: ['datasets', 'datasetFolders'],
  options: [{ flag: '--json', description: 'as an array of objects' }],
  examples: [
    { command: 'millrace test', does: 'all data sets' },
    { command: 'millrace test orders', does: 'one of them' },
  ],
  run,
}
