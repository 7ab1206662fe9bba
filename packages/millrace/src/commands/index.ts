import type { CommandEntry } from '../command.ts'

/** Every command, in the order of `--help`. A new one is a file here and a line below. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'stream',
    summary: 'the worker: source → cleaned Delta tables, exactly once',
    load: async () => (await import('./stream.ts')).stream,
  },
  {
    name: 'batch',
    summary: 'one daily run: raw → clean → answers',
    load: async () => (await import('./batch.ts')).batch,
  },
  {
    name: 'ingest',
    summary: 'the emulator: sends records to a source',
    load: async () => (await import('./ingest.ts')).ingest,
  },
  {
    name: 'gateway',
    summary: 'the HTTP front: takes records from other programs',
    load: async () => (await import('./gateway.ts')).gateway,
  },
  { name: 'sql', summary: "ad-hoc SQL over the lake's tables", load: async () => (await import('./sql.ts')).sql },
  { name: 'runs', summary: 'the history of daily runs', load: async () => (await import('./runs.ts')).runs },
  {
    name: 'report',
    summary: 'the answers of a daily run as one HTML page',
    load: async () => (await import('./report.ts')).report,
  },
  { name: 'tables', summary: 'what tables the lake holds', load: async () => (await import('./tables.ts')).tables },
  { name: 'history', summary: 'the commits of one table', load: async () => (await import('./history.ts')).history },
  {
    name: 'verify',
    summary: 'proves that nothing is missing or doubled',
    load: async () => (await import('./verify.ts')).verify,
  },
  {
    name: 'optimize',
    summary: 'makes few large files of many small ones',
    load: async () => (await import('./optimize.ts')).optimize,
  },
  {
    name: 'vacuum',
    summary: 'deletes files that no table needs any more',
    load: async () => (await import('./vacuum.ts')).vacuum,
  },
  {
    name: 'restore',
    summary: 'makes a table what it was at an older version',
    load: async () => (await import('./restore.ts')).restore,
  },
  {
    name: 'doctor',
    summary: 'tries what is configured and says what is wrong',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'quarantine',
    summary: 'lists and replays the records that were rejected',
    load: async () => (await import('./quarantine.ts')).quarantine,
  },
  {
    name: 'back-fill',
    summary: 'brings the rows of tables into an output that is new',
    load: async () => (await import('./back-fill.ts')).backFill,
  },
  { name: 'init', summary: 'makes a project of your own', load: async () => (await import('./init.ts')).init },
  {
    name: 'dataset',
    summary: "writes a data set's folder from a topic or its schema",
    load: async () => (await import('./dataset.ts')).dataset,
  },
  {
    name: 'dev',
    summary: 'shows raw records beside clean ones while you edit',
    load: async () => (await import('./dev.ts')).dev,
  },
  {
    name: 'test',
    summary: 'runs the fixtures of data sets, questions and views',
    load: async () => (await import('./test.ts')).test,
  },
  {
    name: 'completion',
    summary: 'completes commands and settings in a shell',
    load: async () => (await import('./completion.ts')).completion,
  },
  {
    name: 'config',
    summary: 'every setting and where its value comes from',
    load: async () => (await import('./config.ts')).config,
  },
]
