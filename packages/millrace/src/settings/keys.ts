/**
 * Every setting, as plain data: what `--help` prints and where a value can come from. What values are
 * allowed stands in schema.ts, which is loaded only when a command runs.
 */
export interface SettingInfo {
  /** How the flag names its value; in brackets when the value can be left out. */
  readonly value: string
  readonly description: string
  /** The default, in the form that users write. */
  readonly default?: string
  /** A list that the one of the workspace's own configuration is added to, instead of being replaced. */
  readonly adds?: true
  /** Where it is not called as the setting is. */
  readonly flag?: `--${string}`
  /** The flag may be given more than once, each time for one of a list. */
  readonly repeated?: true
  /** Can be switched off by `--no-…`. */
  readonly negatable?: true
  /** Never a flag (it would show in the process list), never printed. */
  readonly secret?: true
}

/** In `topics`, stands for a data set of each topic's own. */
export const EACH_ITS_OWN = '*'

const SETTINGS = {
  source: {
    value: 'ADDRESS',
    description:
      'where the records come from: kafka://host:9092, kinesis://region, embedded:PATH, archive:PLACE, mysql-cdc://user@host/database or postgres-cdc://user@host/database',
    default: 'embedded:./data/stream.db',
  },
  lake: {
    value: 'PLACE',
    description: 'where the tables live: a folder, file:///… or s3://bucket/prefix',
    default: './lake',
  },
  outputs: {
    value: 'OUTPUT',
    flag: '--to',
    repeated: true,
    description:
      'where records go, again for each further output: delta (the lake), postgres://user@host/database?schema=NAME, cassandra://user@host/keyspace?primaryKey=COLUMN, archive:PLACE?codec=gzip',
    default: 'delta',
  },
  detach: {
    value: 'OUTPUT',
    flag: '--detach',
    repeated: true,
    description:
      'an output that is left out for now, again for each further one; named without it again, it gets what it has missed',
  },
  allowPath: {
    value: 'PLACES',
    description:
      'folders or s3://bucket/prefix outside of the lake whose files its tables may name, with commas between',
  },
  datasets: {
    value: 'NAMES',
    description: 'the data sets, with commas between; all in the data set folders unless said',
  },
  datasetFolders: {
    value: 'FOLDERS',
    description: 'where data sets are, a folder each, with commas between; the first that has a name wins',
    adds: true,
  },
  questionFolders: {
    value: 'FOLDERS',
    description:
      'where questions are, NAME.sql and NAME.json each, with commas between; the first that has a name wins',
    adds: true,
  },
  registry: {
    value: 'ADDRESS',
    description:
      'the schema registry (Confluent, Apicurio, Karapace, AWS Glue) of data sets whose messages are Avro or Protobuf: https://host:8081, with ?ca=FILE for a certificate, or glue://REGION/NAME; the login in MILLRACE_REGISTRY_USERNAME and MILLRACE_REGISTRY_PASSWORD, or MILLRACE_REGISTRY_TOKEN',
  },
  databaseTables: {
    value: 'PAIRS',
    description: 'tables of a database that are not called as their data set is: orders=NAME,customers=NAME',
  },
  topics: {
    value: 'PAIRS',
    description:
      'which topic holds which data set: orders=NAME,customers=NAME; one of several kinds in it: orders=NAME[key=order], or [FIELD=order]; all that match a pattern: orders=/PATTERN/; a pattern alone: a table for each topic that matches',
  },
  template: {
    value: 'NAME',
    description: 'the data set whose rules the topics of a pattern have, each with a table of its own',
  },
  tables: {
    value: 'PAIRS',
    description: 'tables of the lake that are not called as their data set is: orders=NAME,customers=NAME',
  },
  nullColumns: {
    value: 'PAIRS',
    description:
      'columns of tables that their data set no longer fills, and that may be NULL from now on: orders=COLUMN,orders=COLUMN',
  },
  group: { value: 'NAME', description: "the pipeline's name; its progress is kept under it", default: 'millrace' },
  member: {
    value: 'NAME',
    description: "with Kafka: a name that is this worker's alone; back under it soon, it has its partitions at once",
  },
  start: {
    value: 'earliest|latest|TIME',
    description:
      'where a pipeline begins in a topic that it has never read; a time like 2026-11-01 or 2026-11-01T12:30:00Z',
    default: 'earliest',
  },
  every: { value: 'TIME', description: 'how often to commit, such as 500ms, 10s or 1m', default: '10s' },
  dailyCommits: {
    value: 'N',
    description: 'commit less often than asked rather than make more commits a day to a table',
    default: '100000',
  },
  maxRows: { value: 'N', description: 'commit earlier when this many rows wait', default: '500000' },
  maxRefused: {
    value: 'N%',
    description: 'the largest share of records that may be rejected before a daily run fails and a worker says so',
    default: '10%',
  },
  dashboard: {
    value: '[HOST:PORT]',
    description: 'the page that shows the worker at work; unless said on 127.0.0.1:4680 or the next free port',
    default: 'true',
    negatable: true,
  },
  logLevel: {
    value: 'debug|info|warn|error',
    description: 'how much a worker logs when nobody looks at its screen',
    default: 'info',
  },
  raw: {
    value: 'PLACE',
    description:
      'the raw records of the daily run: a folder, a file, s3://bucket/prefix or mysql://user@host/database; unless said the tables of the lake',
  },
  out: { value: 'FOLDER', description: 'where the answers of the daily run go', default: './reports' },
  engine: { value: 'duckdb|trino', description: 'what does the work of the daily run', default: 'duckdb' },
  trino: {
    value: 'ADDRESS',
    description:
      'the cluster for --engine trino: http://user@host:8080/CATALOG, a Delta Lake catalog on the store of the lake; the password in TRINO_PASSWORD',
  },
  from: {
    value: 'INPUT',
    description:
      'what to send: generator, mysql://user@host/database, or a file of one data set (.jsonl, .csv, .parquet)',
    default: 'generator',
  },
  to: {
    value: 'ADDRESS',
    description:
      'where to send it: console, embedded:PATH, kafka://…, kinesis://…, rest:URL (Confluent REST Proxy) or api:URL (API Gateway before Kinesis), with the key in MILLRACE_GATEWAY_KEY',
    default: 'embedded:./data/stream.db',
  },
  mode: { value: 'random|all', description: 'records at random, or all of them once', default: 'random' },
  rate: { value: 'N/s', description: 'records of each data set a second, such as 1000/s' },
  listen: { value: 'HOST:PORT', description: 'where the gateway listens', default: '127.0.0.1:8082' },
  hostNames: {
    value: 'NAMES',
    description: 'names by which clients reach the gateway or the dashboard besides its own, such as that of a proxy',
  },
  dashboardToken: {
    value: 'TOKEN',
    description: 'what the dashboard asks for as a password; needed where other machines can reach it',
    secret: true,
  },
  keyFile: {
    value: 'FILE',
    description:
      'the keys that the gateway lets in: a line each, a name, a key and its roles; read again when it changes; or in MILLRACE_GATEWAY_KEYS, with commas between',
  },
  gatewayKeys: { value: 'KEYS', description: 'the same, with commas between', secret: true },
  recordPaths: {
    value: 'NAMES',
    description: 'data sets whose records the gateway also takes one a request, at POST /NAME/, and echoes',
  },
  maxBody: { value: 'SIZE', description: 'the largest request that the gateway takes', default: '16mb' },
} as const satisfies Record<string, SettingInfo>

export type SettingKey = keyof typeof SETTINGS

export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[]

export function settingInfo(key: SettingKey): SettingInfo {
  return SETTINGS[key]
}

/** maxRows → --max-rows */
export function flagOf(key: SettingKey): string {
  return settingInfo(key).flag ?? `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** maxRows → MILLRACE_MAX_ROWS */
export function variableOf(key: SettingKey): string {
  return `MILLRACE_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

/** Variables that are no settings: secrets, read where they are used. */
export const SECRET_VARIABLES: ReadonlySet<string> = new Set([
  'MILLRACE_GATEWAY_KEY',
  ...['USERNAME', 'PASSWORD', 'TOKEN'].flatMap((name) =>
    ['KAFKA', 'REGISTRY'].flatMap((of) => [`MILLRACE_${of}_${name}`, `MILLRACE_${of}_${name}_FILE`]),
  ),
])
