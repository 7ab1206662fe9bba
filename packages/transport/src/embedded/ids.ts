import type { DatabaseSync } from 'node:sqlite'

/** The offset of a stored message. */
export interface Stored {
  readonly partition: number
  readonly offset: number
}

/** The ids of the messages that are still kept: an id that comes again names the message that is there. */
export interface IdKeeper {
  find(topic: number, id: string): Stored | undefined
  remember(topic: number, id: string, stored: Stored): void
  /** Forgets the ids of messages before this offset. */
  forget(topic: number, partition: number, before: number): void
}

export const ID_SCHEMA = `
  CREATE TABLE IF NOT EXISTS message_id (
    topic INTEGER NOT NULL, id TEXT NOT NULL, partition INTEGER NOT NULL, base INTEGER NOT NULL,
    PRIMARY KEY (topic, id)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS message_id_by_place ON message_id (topic, partition, base);`

export function idKeeper(db: DatabaseSync): IdKeeper {
  const find = db.prepare('SELECT partition, base AS offset FROM message_id WHERE topic = ? AND id = ?')
  const insert = db.prepare('INSERT INTO message_id (topic, id, partition, base) VALUES (?, ?, ?, ?)')
  const remove = db.prepare('DELETE FROM message_id WHERE topic = ? AND partition = ? AND base < ?')
  return {
    find: (topic, id) => find.get(topic, id) as Stored | undefined,
    remember: (topic, id, { partition, offset }) => void insert.run(topic, id, partition, offset),
    forget: (topic, partition, before) => void remove.run(topic, partition, before),
  }
}
