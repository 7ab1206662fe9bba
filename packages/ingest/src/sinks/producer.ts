import type { Runtime } from '@millrace/base'
import { openProducer } from '@millrace/transport'
import type { Sink, TopicOf } from './sink.ts'

/** A message system: Kafka, Kinesis or the embedded store. */
export async function producerSink(address: string, topicOf: TopicOf, runtime: Runtime): Promise<Sink> {
  const producer = await openProducer(address, runtime)
  return {
    async send(batch) {
      const sending = [...batch].map(([dataset, records]) =>
        producer.send(
          topicOf(dataset),
          records.map((value) => ({ value })),
        ),
      )
      await Promise.all(sending)
    },
    close: () => producer.close(),
  }
}
