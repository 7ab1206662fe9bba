import { MillraceError } from '@millrace/base'
import type { Producer as LibraryProducer, MessageToProduce } from '@platformatic/kafka'
import { fromLibrary } from './kafka-error.ts'

export type Message = MessageToProduce & { readonly partition: number }

/** What became of each message: its offset, or why it was not stored. */
export type Outcomes = Map<Message, bigint | MillraceError>

/** Brokers refuse a batch of more than about 1 MB unless told otherwise; a record alone may be as large as they allow. */
const BATCH_BYTES = 900_000
/** What a record costs beside its key and its value, with room to spare: its id travels in a header. */
const RECORD_OVERHEAD = 128

/** Sends to one partition, in order. A failure that may pass stops it; a record that is refused does not. */
export async function sendToPartition(
  library: LibraryProducer,
  messages: readonly Message[],
  outcomes: Outcomes,
): Promise<void> {
  const waiting = inBatches(messages)
  let stopped: MillraceError | undefined
  for (let batch = waiting.shift(); batch; batch = waiting.shift()) {
    const failure = stopped ?? (await sendBatch(library, batch, outcomes))
    if (!failure) continue
    const refused = failure.code === 'RECORD_INVALID'
    if (refused && batch.length > 1) {
      // The topic may take less than we thought, or one record is too large: the others shall not suffer for it.
      const half = batch.length >> 1
      waiting.unshift(batch.slice(0, half), batch.slice(half))
      continue
    }
    for (const message of batch) outcomes.set(message, failure)
    if (!refused) stopped = failure
  }
}

async function sendBatch(
  library: LibraryProducer,
  batch: Message[],
  outcomes: Outcomes,
): Promise<MillraceError | undefined> {
  try {
    const { offsets } = await library.send({ messages: batch })
    const first = offsets?.[0]?.offset
    if (first === undefined) throw new MillraceError('INTERNAL', 'a broker told no offset')
    for (const [i, message] of batch.entries()) outcomes.set(message, first + BigInt(i))
    return undefined
  } catch (error) {
    return fromLibrary(error, `sending to ${batch[0]?.topic}`)
  }
}

function inBatches(messages: readonly Message[]): Message[][] {
  const batches: Message[][] = []
  let batch: Message[] = []
  let size = 0
  for (const message of messages) {
    const bytes = (message.value?.length ?? 0) + (message.key?.length ?? 0) + RECORD_OVERHEAD
    if (batch.length > 0 && size + bytes > BATCH_BYTES) {
      batches.push(batch)
      batch = []
      size = 0
    }
    size += bytes
    batch.push(message)
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}
