import { paginateListStreams } from '@aws-sdk/client-kinesis'
import { parseKinesisAddress } from './address.ts'
import { openClient } from './client.ts'
import { fromKinesis } from './kinesis-error.ts'

export async function kinesisTopics(address: string): Promise<string[]> {
  const client = openClient(parseKinesisAddress(address))
  const names: string[] = []
  try {
    for await (const { StreamNames } of paginateListStreams({ client }, {})) names.push(...(StreamNames ?? []))
    return names
  } catch (error) {
    throw fromKinesis(error, 'ListStreams')
  } finally {
    client.destroy()
  }
}
