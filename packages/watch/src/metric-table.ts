/** Definition of one metric. docs/reference/metrics.md is made of the list; a test compares it with what is served. */
export interface MetricDefinition {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
}

const ofDataset = ['dataset'] as const
const ofPartition = ['dataset', 'topic', 'partition'] as const
const ofTable = ['table'] as const
const ofOutput = ['dataset', 'output'] as const

export const METRICS = {
  info: {
    name: 'millrace_worker_info',
    type: 'gauge',
    help: 'Always 1; the labels say which worker this is.',
    labels: ['group', 'worker', 'version'],
  },
  phase: {
    name: 'millrace_worker_phase',
    type: 'gauge',
    help: '1 for the phase that the data set is in, 0 for the others.',
    labels: ['dataset', 'phase'],
  },
  recordsRead: {
    name: 'millrace_read_records_total',
    type: 'counter',
    help: 'Records read from the source; read again after another worker took over, they count again.',
    labels: ofDataset,
  },
  bytesRead: {
    name: 'millrace_read_bytes_total',
    type: 'counter',
    help: 'Bytes of messages read from the source.',
    labels: ofDataset,
  },
  rows: {
    name: 'millrace_committed_rows_total',
    type: 'counter',
    help: 'Rows committed to the clean table.',
    labels: ofDataset,
  },
  commits: {
    name: 'millrace_commits_total',
    type: 'counter',
    help: 'Commits to the clean table.',
    labels: ofDataset,
  },
  files: {
    name: 'millrace_committed_files_total',
    type: 'counter',
    help: 'Data files added by commits.',
    labels: ofDataset,
  },
  fileBytes: {
    name: 'millrace_committed_file_bytes_total',
    type: 'counter',
    help: 'Bytes of the data files added by commits.',
    labels: ofDataset,
  },
  filtered: {
    name: 'millrace_filtered_records_total',
    type: 'counter',
    help: 'Records that an expectation of the data set left out.',
    labels: ofDataset,
  },
  quarantined: {
    name: 'millrace_quarantined_records_total',
    type: 'counter',
    help: 'Records that may not enter their table, by reason.',
    labels: ['dataset', 'reason'],
  },
  failedTries: {
    name: 'millrace_failed_tries_total',
    type: 'counter',
    help: 'Tries that failed and are made again until they succeed, by error code.',
    labels: ['dataset', 'code'],
  },
  stages: {
    name: 'millrace_stage_duration_seconds',
    type: 'histogram',
    help: 'How long it took to fetch a block while there were more, and to clean (with writing Parquet), upload and commit a batch. Of more than 40 data sets the others are one, `others`.',
    labels: ['dataset', 'stage'],
  },
  latency: {
    name: 'millrace_produce_to_commit_seconds',
    type: 'histogram',
    help: "Age of records when they were committed, by the source's time: up to 32 of each commit, spread evenly. Of more than 40 data sets the others are one, `others`.",
    labels: ofDataset,
  },
  lastCommit: {
    name: 'millrace_last_commit_timestamp_seconds',
    type: 'gauge',
    help: 'When the data set was last committed to.',
    labels: ofDataset,
  },
  waiting: {
    name: 'millrace_waiting_seconds',
    type: 'gauge',
    help: 'For how long the data set has been waiting for its source or store to come back; 0 when it is not.',
    labels: ofDataset,
  },
  outputAttached: {
    name: 'millrace_output_attached',
    type: 'gauge',
    help: 'Whether the output gets records: 1, or 0 while it is detached.',
    labels: ofOutput,
  },
  outputBehind: {
    name: 'millrace_output_behind_records',
    type: 'gauge',
    help: 'Offsets between the output and the anchor. Not told where positions are no plain offsets.',
    labels: ofOutput,
  },
  outputFailing: {
    name: 'millrace_output_failing',
    type: 'gauge',
    help: 'Whether the last call of the output failed: 1 or 0. It is made again, and the stream waits for it.',
    labels: ofOutput,
  },
  lagRecords: {
    name: 'millrace_lag_records',
    type: 'gauge',
    help: 'Records that the source has and the table has not. Kinesis does not count them.',
    labels: ofPartition,
  },
  lagSeconds: {
    name: 'millrace_lag_seconds',
    type: 'gauge',
    help: 'Age of the oldest record that the source has and the table has not.',
    labels: ofPartition,
  },
  keptLog: {
    name: 'millrace_source_kept_bytes',
    type: 'gauge',
    help: 'Bytes of its log that a database keeps until the tables of the group have them: of PostgreSQL, what the slot holds back.',
    labels: ofPartition,
  },
  held: {
    name: 'millrace_held_bytes',
    type: 'gauge',
    help: 'Bytes of messages that are read and not committed.',
    labels: ofDataset,
  },
  mostHeld: {
    name: 'millrace_held_limit_bytes',
    type: 'gauge',
    help: 'How many bytes of messages a worker reads ahead, over all data sets.',
    labels: [],
  },
  tableVersion: {
    name: 'millrace_table_version',
    type: 'gauge',
    help: 'The newest version of the table that this worker has seen.',
    labels: ofTable,
  },
  tableFiles: {
    name: 'millrace_table_files',
    type: 'gauge',
    help: 'Data files of the table.',
    labels: ofTable,
  },
  tableBytes: {
    name: 'millrace_table_bytes',
    type: 'gauge',
    help: "Bytes of the table's data files.",
    labels: ofTable,
  },
  tableRows: {
    name: 'millrace_table_rows',
    type: 'gauge',
    help: "Rows of the table, by its files' statistics.",
    labels: ofTable,
  },
  maintenanceRuns: {
    name: 'millrace_maintenance_runs_total',
    type: 'counter',
    help: 'Runs of a maintenance task of the table, by outcome.',
    labels: ['table', 'task', 'outcome'],
  },
  maintenanceSuccess: {
    name: 'millrace_maintenance_last_success_timestamp_seconds',
    type: 'gauge',
    help: 'When the task last succeeded, whether or not there was anything to do.',
    labels: ['table', 'task'],
  },
  resident: {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'Resident memory size in bytes.',
    labels: [],
  },
  cpu: {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'Total user and system CPU time spent in seconds.',
    labels: [],
  },
  started: {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'Start time of the process since unix epoch in seconds.',
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>
