import { type DatasetState, PHASES, type Phase, type WaitingState, type WorkerIdentity } from './state.ts'
import { bytesInWords, clockInWords, countInWords, namesInWords, secondsInWords } from './words.ts'

/** Returns the phase of the data set that needs attention most. It is the worker's phase. */
export function worstPhase(datasets: readonly DatasetState[]): Phase {
  const found = PHASES.find((phase) => datasets.some((dataset) => dataset.phase === phase))
  return found ?? 'starting'
}

export function sentenceOf(
  phase: Phase,
  datasets: readonly DatasetState[],
  worker: Pick<WorkerIdentity, 'source' | 'lake'>,
  now: number,
): string {
  const concerned = datasets.filter((dataset) => dataset.phase === phase)
  switch (phase) {
    case 'stuck':
      return stuck(concerned)
    case 'waiting':
      return waiting(concerned, datasets, worker, now)
    case 'rejecting':
      return rejecting(concerned)
    case 'catching up':
      return catchingUp(concerned)
    case 'caught up':
      return `caught up, ${secondsInWords(mostBehind(concerned))} behind`
    case 'idle':
      return 'idle: other workers of the group have all partitions'
    default:
      return phase
  }
}

function stuck(datasets: readonly DatasetState[]): string {
  const longest = Math.max(...datasets.map(({ stuckMs }) => stuckMs ?? 0))
  return `stuck: in ${namesInWords(datasets.map(({ dataset }) => dataset))} nothing has moved for ${secondsInWords(longest / 1000)}`
}

function waiting(
  concerned: readonly DatasetState[],
  all: readonly DatasetState[],
  worker: Pick<WorkerIdentity, 'source' | 'lake'>,
  now: number,
): string {
  const first = concerned
    .flatMap(({ waiting }) => waiting ?? [])
    .reduce((oldest, each) => (each.since < oldest.since ? each : oldest))
  const output = concerned.flatMap(({ outputs }) => outputs).find(({ failure }) => failure?.lasts)
  const held = all.reduce((sum, dataset) => sum + dataset.held.bytes, 0)
  const since = clockInWords(first.since, now)
  return `waiting for ${awaited(first, output?.address, worker)}: ${shortReason(first.message)} since ${since}, nothing lost, ${bytesInWords(held)} held`
}

function awaited(
  { code, message }: WaitingState,
  output: string | undefined,
  { source, lake }: Pick<WorkerIdentity, 'source' | 'lake'>,
): string {
  if (message.startsWith(REGISTRY)) return REGISTRY
  if (code.startsWith('SOURCE')) return SYSTEMS[source.split(':')[0] ?? ''] ?? 'the source'
  const scheme = output?.includes(':') ? output.slice(0, output.indexOf(':')) : ''
  if (scheme !== '') return OUTPUTS[scheme] ?? `the output ${output}`
  return lake.startsWith('s3:') ? 'S3' : 'the lake'
}

/** How the messages of its failures begin. */
const REGISTRY = 'the schema registry'

const SYSTEMS: Readonly<Record<string, string>> = {
  kafka: 'Kafka',
  kinesis: 'Kinesis',
  embedded: 'the embedded store',
}

const OUTPUTS: Readonly<Record<string, string>> = {
  postgres: 'PostgreSQL',
  cassandra: 'Cassandra',
  archive: 'the archive',
}

const LONGEST_REASON = 80
const FAILED = ' failed: '

/** Returns the HTTP status in the message, or else the part after "failed: ", shortened. */
function shortReason(message: string): string {
  const status = /\bHTTP ([45]\d\d)\b/.exec(message)?.[1]
  if (status !== undefined) return status
  const at = message.lastIndexOf(FAILED)
  const reason = at < 0 ? message : message.slice(at + FAILED.length)
  return shortened(reason)
}

function shortened(reason: string): string {
  return reason.length <= LONGEST_REASON ? reason : `${reason.slice(0, LONGEST_REASON - 1)}…`
}

const MOST_REJECTING = 3

function rejecting(datasets: readonly DatasetState[]): string {
  const worstFirst = datasets.toSorted((a, b) => b.quarantine.share - a.quarantine.share)
  const parts = worstFirst.slice(0, MOST_REJECTING).map(({ dataset, quarantine: { share, reasons } }) => {
    const most = reasons[0] ? `, most for: ${shortened(reasons[0].reason)}` : ''
    return `of the records of ${dataset} ${Math.round(100 * share)} % go to the quarantine${most}`
  })
  const more = datasets.length - parts.length
  return `rejecting: ${parts.join('; ')}${more > 0 ? `; and of ${more} more data sets` : ''}`
}

function catchingUp(datasets: readonly DatasetState[]): string {
  const lags = datasets.map(({ lag }) => lag.records)
  const rate = datasets.reduce((sum, { rates }) => sum + rates.readRecords, 0)
  const speed = `${countInWords(rate)} records/s`
  if (lags.includes(undefined)) return `catching up: ${secondsInWords(mostBehind(datasets))} behind, ${speed}`
  const left = lags.reduce<number>((sum, records) => sum + (records ?? 0), 0)
  const estimate = rate >= 1 ? `, about ${secondsInWords(left / rate)} left` : ''
  return `catching up: ${countInWords(left)} records to go, ${speed}${estimate}`
}

function mostBehind(datasets: readonly DatasetState[]): number {
  return Math.max(0, ...datasets.map(({ lag }) => lag.seconds))
}
