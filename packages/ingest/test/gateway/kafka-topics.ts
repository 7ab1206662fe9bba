import { freshName } from '@millrace/testkit'
import { openCatalog } from '@millrace/transport'

export async function makeTopic(bootstrap: string, partitions: number): Promise<string> {
  const topic = freshName('gateway')
  const catalog = await openCatalog(`kafka://${bootstrap}`)
  await catalog.create(topic, partitions)
  await catalog.close()
  return topic
}
