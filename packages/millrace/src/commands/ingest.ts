import { MillraceError, systemRuntime } from '@millrace/base'
import type { Sink, Target } from '@millrace/ingest'
import type { Command, Io, Run } from '../command.ts'
import { createProgress } from '../terminal/progress.ts'

const CONSOLE = 'console'

const run: Run = async ({ values }, args, io) => {
  const { from, to, datasets, datasetFolders, databaseTables, topics = {}, mode, rate } = values
  const [count, seed] = [args.integer('--count'), args.integer('--seed')]
  const { ingest: send } = await import('@millrace/ingest')
  const started = systemRuntime.monotonic()
  const progress = createProgress(io, count, () => systemRuntime.monotonic())
  const totals = await send(
    {
      from,
      to: to === CONSOLE ? printed(io) : to,
      datasets,
      datasetFolders,
      databaseTables,
      targets: targetsOf(topics),
      mode,
      seed: seed ?? systemRuntime.now() % 2 ** 31,
      ...(count === undefined ? {} : { count }),
      ...rateOf(rate, count === undefined && isEndless(from, mode)),
      ...(to === CONSOLE ? {} : { onSent: ({ rounds }) => progress.show(rounds) }),
    },
    systemRuntime,
    io.signal,
  ).finally(() => progress.end())
  const seconds = (systemRuntime.monotonic() - started) / 1000
  const { rounds: posts, records, bytes } = totals
  if (args.switch('--json')) io.json({ posts, records, bytes, seconds })
  else io.note(`sent ${records} records to ${to} in ${seconds.toFixed(1)} s`)
  return 0
}

/** Where the records of data sets go. A pattern names no topic to send to. */
function targetsOf(topics: Readonly<Record<string, readonly string[]>>): Record<string, Target> {
  const first = Object.entries(topics).map(
    ([dataset, parts]) => [dataset, parts.find((part) => part[0] !== '/')] as const,
  )
  return Object.fromEntries(first.flatMap(([dataset, part]) => (part === undefined ? [] : [[dataset, targetOf(part)]])))
}

/** `events`, or `events[key=order]`: a topic of several kinds. */
function targetOf(part: string): Target {
  const [, topic = part, field, key = ''] = /^(.*)\[(.*)=(.*)\]$/.exec(part) ?? []
  if (field === undefined) return { topic }
  if (field === 'key') return { topic, key }
  throw new MillraceError('USAGE', `--topics ${part}: records are sent as they are, without a field ${field}`, {
    next: `Tell the kinds apart by key: ${topic}[key=${key}].`,
  })
}

/** Records as lines. */
function printed(io: Io): Sink {
  const newline = Buffer.from('\n')
  return {
    async send(batch) {
      for (const records of batch.values())
        await io.writeForeign(Buffer.concat(records.flatMap((record) => [record, newline])))
    },
    close: async () => {},
  }
}

function isEndless(from: string, mode: string): boolean {
  return from === 'generator' || (from.startsWith('mysql:') && mode === 'random')
}

const ENDLESS_RATE = 100

/** Returns the rate: a slow default for endless input, none for finite input. */
function rateOf(rate: number | undefined, endless: boolean): { rate?: number } {
  if (rate !== undefined) return { rate }
  return endless ? { rate: ENDLESS_RATE } : {}
}

export const ingest: Command = {
  about: 'The emulator: sends records of the data sets, made up ones, those of a MySQL database or those of a file.',
  settings: ['from', 'to', 'datasets', 'datasetFolders', 'databaseTables', 'topics', 'mode', 'rate'],
  options: [
    { flag: '--count', value: 'N', description: 'stop after N records of each data set' },
    { flag: '--seed', value: 'N', description: 'the same seed makes or draws the same records' },
    { flag: '--json', description: 'end with one line of JSON: totals' },
  ],
  examples: [
    { command: 'millrace ingest --count 10000', does: 'ten thousand records of each data set into the embedded store' },
    {
      command: 'millrace ingest --from mysql://reader@db.example/shop --to rest:http://localhost:8082',
      does: 'rows of MySQL, drawn at random, to a REST proxy',
    },
    {
      command: 'millrace ingest --from orders.parquet --datasets orders --to kafka://localhost:9092',
      does: 'the records of a file',
    },
  ],
  run,
}
