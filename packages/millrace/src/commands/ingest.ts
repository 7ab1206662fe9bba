import { systemRuntime } from '@millrace/base'
import type { Command, Run } from '../command.ts'

const run: Run = async ({ values }, args, io) => {
  const { from, to, datasets, mode, rate } = values
  const [count, seed] = [args.integer('--count'), args.integer('--seed')]
  const { ingest: send } = await import('@millrace/ingest')
  const started = systemRuntime.monotonic()
  const totals = await send(
    {
      from,
      to,
      datasets,
      mode,
      seed: seed ?? systemRuntime.now() % 2 ** 31,
      ...(count === undefined ? {} : { count }),
      ...rateOf(rate, from, count),
    },
    systemRuntime,
    io.signal,
  )
  const seconds = (systemRuntime.monotonic() - started) / 1000
  if (args.switch('--json')) io.json({ ...totals, seconds })
  else io.note(`sent ${totals.records} records (${totals.posts} posts) to ${to} in ${seconds.toFixed(1)} s`)
  return 0
}

const ENDLESS_POSTS_PER_SECOND = 100

/** An endless generator goes at a walking pace unless asked; what has an end goes as fast as it can. */
function rateOf(rate: number | undefined, from: string, count: number | undefined): { rate?: number } {
  if (rate !== undefined) return { rate }
  return from === 'generator' && count === undefined ? { rate: ENDLESS_POSTS_PER_SECOND } : {}
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
