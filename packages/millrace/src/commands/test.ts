import { MillraceError } from '@millrace/base'
import type { Command, Io, Run } from '../command.ts'
import type { TestResult } from '../testing/result.ts'

const DATA_DID_NOT_PASS = 3

const run: Run = async ({ values: { datasets, datasetFolders, questionFolders } }, args, io) => {
  const { refuseUnknown, runTests } = await import('../testing/run.ts')
  const { hasPassed } = await import('../testing/result.ts')
  const plan = { datasets, datasetFolders, questionFolders, only: args.positionals, update: args.switch('--update') }
  await refuseUnknown(plan)
  const report = await reporter(args.switch('--json'), io)
  const finished = async (results: readonly TestResult[]) => {
    const file = args.text('--junit')
    if (file !== undefined) await writeJunit(file, results)
    return results.every(hasPassed) ? 0 : DATA_DID_NOT_PASS
  }
  if (args.switch('--watch')) {
    const { watchTests } = await import('../testing/watch.ts')
    return finished(await watchTests(plan, io, report))
  }
  const results = await runTests(plan)
  if (results.length === 0) {
    throw new MillraceError('DATASET_INVALID', `${datasets.join(', ')}: there are no fixtures`, {
      next: 'Put records into datasets/NAME/fixtures/usual.jsonl, then `millrace test --update` writes what comes of them.',
    })
  }
  report(results)
  return finished(results)
}

async function reporter(json: boolean, io: Io): Promise<(results: readonly TestResult[]) => void> {
  if (json) return (results) => io.json(results)
  const [{ reportLines }, { cut }] = await Promise.all([import('../testing/report.ts'), import('../terminal/cut.ts')])
  const style = io.style
  return (results) => {
    const room = (io.width ?? Number.POSITIVE_INFINITY) - INDENT
    for (const line of reportLines(results, { style, cut: (text) => cut(text, room) })) io.line(line)
  }
}

const INDENT = 8

async function writeJunit(file: string, results: readonly TestResult[]): Promise<void> {
  const [{ junitXml }, { withOutputFile }] = await Promise.all([
    import('../testing/junit.ts'),
    import('../output-file.ts'),
  ])
  await withOutputFile(file, (sink) => sink(junitXml(results)))
}

export const test: Command = {
  about:
    'Runs the fixtures of data sets, questions and views. Of a data set x.jsonl goes in, x.clean.jsonl should come out, x.bad.jsonl says which lines should be rejected and why. Of questions fixtures/CASE has TABLE.jsonl and QUESTION.answer.jsonl. Says which column of which record differs; exit code 3.',
  positionals: ['[names...]'],
  words: 'data sets',
  settings: ['datasets', 'datasetFolders', 'questionFolders'],
  options: [
    { flag: '--watch', short: '-w', description: 'stay, and run again what has changed' },
    { flag: '--update', short: '-u', description: 'write what came as what is expected from now on' },
    { flag: '--json', description: 'as an array of objects' },
    { flag: '--junit', value: 'FILE', description: 'write the results for a build server, too' },
  ],
  examples: [
    { command: 'millrace test', does: 'all of them' },
    { command: 'millrace test orders', does: 'those of a data set, question or view' },
    { command: 'millrace test --watch', does: 'while you edit' },
    { command: 'millrace test orders --update', does: 'accept what comes, or write it for the first time' },
  ],
  run,
}
