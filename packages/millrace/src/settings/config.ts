import type { Format } from '@millrace/formats'
import type { OpenOutput } from '@millrace/outputs'
import type { ObjectStore } from '@millrace/store'
import type { OpenSource } from '@millrace/transport'

/** Sources, outputs, stores and formats of one's own, by the scheme of their addresses: `lines` is for `lines:…`. */
export interface Extensions {
  readonly sources?: Readonly<Record<string, (address: string) => OpenSource>>
  /** An output finds its address in the context. */
  readonly outputs?: Readonly<Record<string, OpenOutput>>
  readonly stores?: Readonly<Record<string, (address: string) => ObjectStore | Promise<ObjectStore>>>
  /** A data set names a format by its name. */
  readonly formats?: readonly Format[]
}

/** What millrace.config.ts may say. `millrace config` prints every setting with where its value comes from. */
export interface Config {
  /** Where the records come from: kafka://host:9092, kinesis://region, embedded:PATH, archive:PLACE, mysql-cdc://user@host/database or postgres-cdc://user@host/database. */
  source?: string
  /** Where the tables live: a folder, file:///… or s3://bucket/prefix. */
  lake?: string
  /** Where records go: delta (the lake), postgres://user@host/database?schema=NAME, cassandra://user@host/keyspace?primaryKey=COLUMN, archive:PLACE?codec=gzip; delta, or the first of them that takes rows, is the anchor. */
  outputs?: string | string[]
  /** Outputs that are left out for now; without it again, they get what they have missed. */
  detach?: string | string[]
  /** Places outside of the lake whose files its tables may name. */
  allowPath?: string | string[]
  /** Names of the data sets; all in the data set folders unless said. */
  datasets?: string | string[]
  /** Where data sets are, a folder each; the first that has a name wins. */
  datasetFolders?: string | string[]
  /** Where questions are, NAME.sql and NAME.json each; the first that has a name wins. */
  questionFolders?: string | string[]
  /** The schema registry of data sets whose messages are Avro or Protobuf: https://host:8081. */
  registry?: string
  /** Tables of a database that are not called as their data set is. */
  databaseTables?: string | Record<string, string>
  /**
   * Which topic holds which data set; of one with several kinds in it NAME[key=order], or NAME[FIELD=order]; all that
   * match a pattern: '/PATTERN/'. A pattern alone stands for a table for each topic that matches.
   */
  topics?: string | Record<string, string | string[]>
  /** The data set whose rules the topics of a pattern have, each with a table of its own. */
  template?: string
  /** Tables of the lake that are not called as their data set is. */
  tables?: string | Record<string, string>
  /** Columns of tables that their data set no longer fills, and that may be NULL from now on. */
  nullColumns?: string | Record<string, string | string[]>
  /** The pipeline's name; its progress is kept under it. */
  group?: string
  /** With Kafka: a name that is this worker's alone. */
  member?: string
  /** Where a pipeline begins in a topic that it has never read: earliest, latest or a time. */
  start?: string
  /** How often to commit, such as 500ms, 10s or 1m. */
  every?: string
  /** Commits a day to a table at most. */
  dailyCommits?: number | string
  /** Commits earlier when this many rows wait. */
  maxRows?: number | string
  /** The largest share of records that may be rejected before a daily run fails and a worker says so, such as 10%. */
  maxRefused?: string
  /** The page that shows the worker at work: false, true, or its HOST:PORT. */
  dashboard?: boolean | string
  logLevel?: 'debug' | 'info' | 'warn' | 'error'
  /** The raw records of the daily run; unless said the tables of the lake. */
  raw?: string
  /** Where the answers of the daily run go. */
  out?: string
  /** What does the work of the daily run. */
  engine?: 'duckdb' | 'trino'
  /** The cluster for `engine: 'trino'`. */
  trino?: string
  /** What `ingest` sends: generator, mysql://user@host/database, or a file of one data set. */
  from?: string
  /** Where `ingest` and the gateway send it. */
  to?: string
  mode?: 'random' | 'all'
  /** Records of each data set a second, such as 1000/s. */
  rate?: string
  /** Where the gateway listens, HOST:PORT. */
  listen?: string
  /** Names by which clients reach the gateway or the dashboard besides its own. */
  hostNames?: string | string[]
  /** What the dashboard asks for as a password. Better in MILLRACE_DASHBOARD_TOKEN than in a file. */
  dashboardToken?: string
  /** The file of the keys that the gateway lets in. */
  keyFile?: string
  gatewayKeys?: string | string[]
  /** Data sets whose records the gateway also takes one a request, at POST /NAME/. */
  recordPaths?: string | string[]
  /** The largest request that the gateway takes, such as 16mb. */
  maxBody?: string
  /** What addresses may name besides what is built in. No flag has it. */
  extensions?: Extensions
}
