import { MillraceError, type Runtime } from '@millrace/base'
import type { OutgoingRecord } from '../source.ts'
import { fromLibrary, KAFKA, numberIn } from './kafka-error.ts'
import { type PendingSend, recordsOf, type SendSlice, splitAt, splitBySize } from './pending-send.ts'
import type { Produce } from './produce.ts'
import type { ProducerState } from './produce-request.ts'

/** The way to one partition: one batch at a time, in order, each stored once. */
export interface PartitionSender {
  /** What is added while a batch is under way travels together in the next. */
  add(send: PendingSend): void
}

/** Brokers refuse a batch of more than about 1 MB unless told otherwise; a record alone may be as large as they allow. */
const BATCH_BYTES = 900_000
/** As other producers have it: whoever waited so long is told. */
const DELIVER_WITHIN_MS = 120_000
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000
const SEQUENCES = 2 ** 31

/** The broker knows nothing, or something else, of what we produced before. */
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
        // The topic may take less than we thought, or one record is too large: the others shall not suffer for it.
        for (const half of splitAt(batch, records.length >> 1)) await sendBatch(half)
        return
      }
      // Whoever waits behind a failure that may pass has waited as long.
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

/** Tries again until a batch is stored, refused, or too late. A repeat under the same state is stored once. */
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
        // Behind a first try that got no answer, a new state could store the records twice.
        const again = lost ? tries === 0 : error.retry && runtime.monotonic() < deadline
        if (lost || (error.retry && !again)) state = undefined
        if (!again) throw error
        produce.forgetLeader()
      }
      await runtime.sleep(pause)
    }
  }
}
