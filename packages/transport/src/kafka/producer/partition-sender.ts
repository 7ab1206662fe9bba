import { MillraceError, type Runtime } from '@millrace/base'
import type { OutgoingRecord } from '../../source.ts'
import { fromLibrary, KAFKA, numberIn } from '../kafka-error.ts'
import { type PendingSend, recordsOf, type SendSlice, splitAt, splitBySize } from './pending-send.ts'
import type { Produce } from './produce.ts'
import type { ProducerState } from './produce-request.ts'

/** Sends records to one partition: one batch at a time, in order, each stored once. */
export interface PartitionSender {
  /** Adds records; those added while a batch is under way share the next. */
  add(send: PendingSend): void
}

/** Below the brokers' default maximum of about 1 MB; a batch of a single record may be as large as they allow. */
const BATCH_BYTES = 900_000
/** The usual delivery timeout: a send fails after this time. */
const DELIVER_WITHIN_MS = 120_000
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000
const SEQUENCES = 2 ** 31

/** The broker has lost our producer state, or has another. */
const STATE_LOST = new Set<number>([
  KAFKA.OUT_OF_ORDER_SEQUENCE_NUMBER,
  KAFKA.INVALID_PRODUCER_EPOCH,
  KAFKA.UNKNOWN_PRODUCER_ID,
])

export function openPartitionSender(produce: Produce, runtime: Runtime): PartitionSender {
  const deliver = deliverer(produce, runtime)
  let waiting: SendSlice[] = []
  let busy = false

  const sendBatch = async (batch: readonly SendSlice[]): Promise<void> => {
    const records = recordsOf(batch)
    try {
      let offset = await deliver(records)
      for (const { send, from, to } of batch) {
        send.stored(from, to, offset)
        offset += BigInt(to - from)
      }
    } catch (thrown) {
      const error = fromLibrary(thrown, 'Produce')
      if (error.code === 'RECORD_INVALID' && records.length > 1) {
        // The topic's maximum is lower, or one record is too large: send in halves, so that the others are stored.
        for (const half of splitAt(batch, records.length >> 1)) await sendBatch(half)
        return
      }
      // Sends behind a failed one that could be retried have waited as long: they time out too.
      const behind = error.retry ? waiting : []
      if (error.retry) waiting = []
      for (const { send, from, to } of [...batch, ...behind]) send.failed(from, to, error)
    }
  }
  const work = async () => {
    busy = true
    while (waiting.length > 0) {
      const [batch, others] = splitBySize(waiting, BATCH_BYTES)
      waiting = others
      await sendBatch(batch)
    }
    busy = false
  }
  return {
    add(send) {
      waiting.push({ send, from: 0, to: send.records.length })
      if (!busy) void work()
    },
  }
}

/** Retries until a batch is stored, refused or timed out. A retry with the same producer state is stored once. */
function deliverer(produce: Produce, runtime: Runtime): (records: readonly OutgoingRecord[]) => Promise<bigint> {
  let state: ProducerState | undefined
  return async (records) => {
    const deadline = runtime.monotonic() + DELIVER_WITHIN_MS
    for (let tries = 0, pause = FIRST_PAUSE_MS; ; tries++, pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        state ??= await produce.newProducer()
        const offset = await produce.store(records, state, runtime.now())
        state = { ...state, sequence: (state.sequence + records.length) % SEQUENCES }
        return offset
      } catch (error) {
        if (!(error instanceof MillraceError)) throw error
        const lost = STATE_LOST.has(numberIn(error) ?? 0)
        // After a try without an answer, a new producer state could store the records twice.
        const again = lost ? tries === 0 : error.retry && runtime.monotonic() < deadline
        if (lost || (error.retry && !again)) state = undefined
        if (!again) throw error
        produce.forgetLeader()
      }
      await runtime.sleep(pause)
    }
  }
}
