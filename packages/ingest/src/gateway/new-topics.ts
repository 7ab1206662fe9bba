import type { TopicCatalog } from '@millrace/transport'
import { refuse } from './refusal.ts'

/** Counts the topics that clients make by writing to them: each costs the message system and every reader something. */
export interface NewTopics {
  /** Refuses a topic that is not there yet to a client that has made as many as it may. */
  admit(topic: string, client: string): Promise<void>
  /** The topic is no more. */
  forget(topic: string): void
}

/** By one client while the gateway runs. Whoever may make topics on purpose is not counted. */
const MOST_NEW_TOPICS = 100

/** Most names that are remembered to be there, and clients that are counted. */
const MOST_KNOWN = 10_000

export function openNewTopics(catalog: Pick<TopicCatalog, 'describe'>): NewTopics {
  const known = new Set<string>()
  const made = new Map<string, number>()
  return {
    async admit(topic, client) {
      if (known.has(topic)) return
      const isThere = (await catalog.describe(topic)) !== undefined
      if (!isThere) {
        const count = (made.get(client) ?? 0) + 1
        if (count > MOST_NEW_TOPICS || made.size > MOST_KNOWN) {
          throw refuse(
            403,
            `this key has made ${MOST_NEW_TOPICS} topics by writing to them: topic ${topic} has to be made by a key with the role admin`,
            40301,
          )
        }
        made.set(client, count)
      }
      if (known.size >= MOST_KNOWN) known.clear()
      known.add(topic)
    },
    forget: (topic) => known.delete(topic),
  }
}
