import { Admin, ConfigResourceTypes, UserError } from '@platformatic/kafka'
import type { PartitionDescription, TopicCatalog, TopicDescription } from '../catalog.ts'
import { parseKafkaAddress } from './address.ts'
import { fromLibrary, KAFKA, numberIn } from './kafka-error.ts'
import { libraryOptions } from './library.ts'

const ANSWER_WITHIN_MS = 15_000
/** Asks for the broker's default. */
const BROKERS_CHOICE = -1

export function kafkaCatalog(address: string): TopicCatalog {
  const admin = new Admin({ ...libraryOptions(parseKafkaAddress(address, process.env), ANSWER_WITHIN_MS), retries: 0 })
  return {
    list: () => admin.listTopics().catch(rethrow('Metadata')),
    describe: (name) => describe(admin, name),
    async create(topic, partitions) {
      try {
        await admin.createTopics({ topics: [topic], partitions, replicas: BROKERS_CHOICE })
        return 'created'
      } catch (error) {
        if (numberIn(error) === KAFKA.TOPIC_ALREADY_EXISTS) return 'there'
        throw fromLibrary(error, `making topic ${topic}`)
      }
    },
    async remove(topic) {
      try {
        await admin.deleteTopics({ topics: [topic] })
        return 'removed'
      } catch (error) {
        if (numberIn(error) === KAFKA.UNKNOWN_TOPIC_OR_PARTITION) return 'missing'
        throw fromLibrary(error, `removing topic ${topic}`)
      }
    },
    close: () => admin.close(),
  }
}

async function describe(admin: Admin, name: string): Promise<TopicDescription | undefined> {
  try {
    const { topics } = await admin.metadata({ topics: [name], forceUpdate: true })
    const found = topics.get(name)
    if (!found) return undefined
    const partitions = found.partitions.map(
      ({ leader, replicas, isr }, id): PartitionDescription => ({
        id: String(id),
        leader,
        replicas: replicas.map((broker) => ({ broker, inSync: isr.includes(broker) })),
      }),
    )
    return { name, configs: await configsOf(admin, name), partitions, ready: true }
  } catch (error) {
    if (isUnknown(error)) return undefined
    throw fromLibrary(error, `topic ${name}`)
  }
}

/** Whether the library's error says that the topic does not exist. */
function isUnknown(error: unknown): boolean {
  return error instanceof UserError && error.message.startsWith('Unknown topic')
}

async function configsOf(admin: Admin, resourceName: string): Promise<Record<string, string>> {
  const described = await admin.describeConfigs({
    resources: [{ resourceType: ConfigResourceTypes.TOPIC, resourceName }],
  })
  const configs = described[0]?.configs ?? []
  return Object.fromEntries(
    configs.filter(({ isSensitive }) => !isSensitive).map(({ name, value }) => [name, value ?? '']),
  )
}

function rethrow(what: string): (error: unknown) => never {
  return (error) => {
    throw fromLibrary(error, what)
  }
}
