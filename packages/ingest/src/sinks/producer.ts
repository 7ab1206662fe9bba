import type { Runtime } from '@millrace/base'
import { openProducer } from '@millrace/transport'
import type { Sink, TargetOf } from './sink.ts'

/** Sends to a message system: Kafka, Kinesis or the embedded store. */
export async function producerSink(address: string, targetOf: TargetOf, runtime: Runtime): Promise<Sink> {
  const producer = await openProducer(address, runtime)
  return {
    async send(batch) {
      const sending = [...batch].map(([dataset, records]) => {
        const { topic, key } = targetOf(dataset)
        const keyed = key === undefined ? {} : { key: Buffer.from(key) }
        return producer.send(
          topic,
          records.map((value) => ({ value, ...keyed })),
        )
      })
      await Promise.all(sending)
    },
    close: () => producer.close(),
  }
}
