import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { TopicCatalog, TopicDescription } from '../catalog.ts'
import { openDatabase, type TopicInfo } from './database.ts'
import { fromSqlite } from './embedded-error.ts'
import { prepareFile } from './prepare-file.ts'

/** Whatever is asked opens the file and closes it again: it may not be there yet, and it is asked rarely. */
export function embeddedCatalog(path: string): TopicCatalog {
  return {
    list: async () => coded(path, () => reading(path, (db) => namesOf(db), [])),
    describe: async (name) => coded(path, () => reading(path, (db) => describe(db, name), undefined)),
    create: async (name, partitions) => coded(path, () => create(path, name, partitions)),
    remove: async (name) => coded(path, () => (existsSync(path) ? remove(path, name) : 'missing')),
    close: async () => {},
  }
}

function coded<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw fromSqlite(error, path)
  }
}

function create(path: string, name: string, partitions: number): 'created' | 'there' {
  prepareFile(path)
  const db = openDatabase(path, Number.POSITIVE_INFINITY)
  try {
    if (db.findTopic(name)) return 'there'
    db.createTopic(name, partitions)
    return 'created'
  } finally {
    db.close()
  }
}

function reading<T>(path: string, read: (db: DatabaseSync) => T, otherwise: T): T {
  if (!existsSync(path)) return otherwise
  const db = new DatabaseSync(path, { readOnly: true, timeout: 1_000 })
  try {
    return db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'topic'").get() ? read(db) : otherwise
  } finally {
    db.close()
  }
}

function namesOf(db: DatabaseSync): string[] {
  const rows = db.prepare('SELECT name FROM topic').all()
  return rows.map(({ name }) => String(name))
}

function describe(db: DatabaseSync, name: string): TopicDescription | undefined {
  const topic = db.prepare('SELECT partitions FROM topic WHERE name = ?').get(name) as TopicInfo | undefined
  if (!topic) return undefined
  const replicas = [{ broker: 0, inSync: true }]
  const partitions = Array.from({ length: topic.partitions }, (_, id) => ({ id: String(id), leader: 0, replicas }))
  return { name, configs: {}, partitions, ready: true }
}

/** The tables that have rows of a topic, under its number. */
const KEPT_BY_TOPIC = ['message_id', 'batch_keys', 'batch', 'partition']

function remove(path: string, name: string): 'removed' | 'missing' {
  const db = new DatabaseSync(path, { timeout: 1_000 })
  try {
    db.exec('BEGIN IMMEDIATE')
    const topic = db.prepare('DELETE FROM topic WHERE name = ? RETURNING id').get(name) as TopicInfo | undefined
    if (topic) for (const table of KEPT_BY_TOPIC) db.prepare(`DELETE FROM ${table} WHERE topic = ?`).run(topic.id)
    db.exec('COMMIT')
    return topic ? 'removed' : 'missing'
  } finally {
    db.close()
  }
}
