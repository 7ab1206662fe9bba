import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Command, Run } from '../command.ts'

const run: Run = async (_settings, args, io) => {
  const [{ EXAMPLES, initProject }, { packageManager }] = await Promise.all([
    import('../init/init.ts'),
    import('../init/package-manager.ts'),
  ])
  const folder = args.positionals[0] ?? '.'
  const example = args.choice('--example', EXAMPLES)
  const dataset = args.text('--dataset') ?? 'orders'
  const manager = packageManager(process.env)
  await initProject(folder, example ? { example } : { dataset }, manager)
  const place = relative('.', folder)
  const next = [
    ...(place === '' ? [] : [[`cd ${place}`, '']]),
    ...(existsSync(join(folder, 'node_modules/millrace')) ? [] : [[manager.install, '']]),
    [manager.run('test'), 'the fixtures of data sets and questions'],
    [manager.run('dev'), 'raw records beside clean ones, while you edit clean.sql'],
    [manager.run('stream'), 'records into ./lake, and a dashboard; Ctrl-C stops'],
    [manager.run('sql'), 'ask the tables'],
  ] as const
  const width = Math.max(...next.map(([command = '']) => command.length))
  const what = example ? `the example ${example}` : `a data set ${dataset} with fixtures, and a question about it`
  io.line(`Made ${place === '' ? 'a project' : place}: ${what}. Next:`)
  io.line()
  for (const [command = '', does = ''] of next) {
    io.line(`  ${io.style('cyan', command)}${does && ' '.repeat(width - command.length + 3)}${io.style('dim', does)}`)
  }
  return 0
}

export const init: Command = {
  about:
    'Makes a project in a folder that is empty or not there: configuration, one data set with fixtures, one question with a fixture, scripts in package.json.',
  positionals: ['[folder]'],
  settings: [],
  options: [
    { flag: '--dataset', value: 'NAME', description: 'what the data set is called (orders)' },
    { flag: '--example', value: 'NAME', choices: ['pinterest'], description: 'a whole example instead: pinterest' },
  ],
  examples: [
    { command: 'millrace init shop', does: 'a small project in ./shop' },
    { command: 'millrace init', does: 'the same in this folder, which has to be empty' },
    { command: 'millrace init --example pinterest posts', does: 'three data sets, eight questions' },
  ],
  run,
}
