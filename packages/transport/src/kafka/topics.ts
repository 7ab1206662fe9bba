import { Admin } from '@platformatic/kafka'
import { parseKafkaAddress } from './address.ts'
import { fromLibrary } from './kafka-error.ts'
import { libraryOptions } from './library.ts'

const ANSWER_WITHIN_MS = 15_000

/** Those of the users, not those that the brokers keep for themselves. */
export async function kafkaTopics(address: string): Promise<string[]> {
  const admin = new Admin(libraryOptions(parseKafkaAddress(address, process.env), ANSWER_WITHIN_MS))
  try {
    return await admin.listTopics()
  } catch (error) {
    throw fromLibrary(error, 'Metadata')
  } finally {
    await admin.close()
  }
}
