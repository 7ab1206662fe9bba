import { randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { appender } from './append.ts'
import { ID_SCHEMA } from './ids.ts'
import { contentReader } from './store-content.ts'
import { bytesOf, MOST_RECORDS, type StoredBatch, sliceBatch, storedBatch } from './stored-batch.ts'

export interface TopicInfo {
  readonly id: number
  readonly identity: string
  readonly partitions: number
}

/** What to read of a partition. */
export interface BatchQuery {
  readonly from: number
  readonly maxBytes: number
  /** Whether the keys are wanted: they may be far larger than the values. */
  readonly keys: boolean
}

export interface PartitionRange {
  readonly start: number
  readonly next: number
}

/**
 * The embedded store's file. Several processes may have it open: every write is one immediate transaction,
 * synced to disk before it is answered. `next_offset` never goes back, also when retention has emptied a partition.
 */
export type EmbeddedDatabase = ReturnType<typeof openDatabase>

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS topic (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, identity TEXT NOT NULL, partitions INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS partition (
    topic INTEGER NOT NULL, partition INTEGER NOT NULL,
    start_offset INTEGER NOT NULL DEFAULT 0, next_offset INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, partition)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS batch (
    topic INTEGER NOT NULL, partition INTEGER NOT NULL, base INTEGER NOT NULL, count INTEGER NOT NULL,
    time INTEGER NOT NULL, traits TEXT NOT NULL, ends BLOB NOT NULL, bytes BLOB NOT NULL,
    UNIQUE (topic, partition, base)
  );
  CREATE TABLE IF NOT EXISTS batch_keys (
    topic INTEGER NOT NULL, partition INTEGER NOT NULL, base INTEGER NOT NULL, keys TEXT NOT NULL,
    PRIMARY KEY (topic, partition, base)
  ) WITHOUT ROWID;
  ${ID_SCHEMA}`

export function openDatabase(path: string, retentionBytes: number) {
  const db = new DatabaseSync(path, { timeout: 10_000 })
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  db.exec(SCHEMA)
  const inTransaction = <T>(work: () => T): T => {
    db.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      db.exec('COMMIT')
      return result
    } catch (error) {
      db.exec('ROLLBACK')
      throw error
    }
  }
  const findTopic = db.prepare('SELECT id, identity, partitions FROM topic WHERE name = ?')
  return {
    inTransaction,
    findTopic: (name: string) => findTopic.get(name) as TopicInfo | undefined,
    createTopic: (name: string, partitions: number) => inTransaction(() => createTopic(db, name, partitions)),
    append: appender(db, retentionBytes),
    ...reader(db),
    content: contentReader(db),
    close: () => db.close(),
  }
}

function createTopic(db: DatabaseSync, name: string, partitions: number): void {
  const { changes } = db
    .prepare('INSERT OR IGNORE INTO topic (name, identity, partitions) VALUES (?, ?, ?)')
    .run(name, randomUUID(), partitions)
  if (changes === 0) return
  const fill = db.prepare('INSERT INTO partition (topic, partition) SELECT id, ? FROM topic WHERE name = ?')
  for (let partition = 0; partition < partitions; partition++) fill.run(partition, name)
}

function reader(db: DatabaseSync) {
  const range = db.prepare(
    'SELECT start_offset AS start, next_offset AS next FROM partition WHERE topic = ? AND partition = ?',
  )
  const batches = db.prepare(
    'SELECT base, count, time, traits, ends, bytes, CASE WHEN ? THEN keys END AS keys FROM batch LEFT JOIN batch_keys USING (topic, partition, base) WHERE topic = ? AND partition = ? AND base > ? ORDER BY base',
  )
  const batchAt = db.prepare('SELECT max(base) AS base FROM batch WHERE topic = ? AND partition = ? AND base <= ?')
  const firstSince = db.prepare('SELECT min(base) AS base FROM batch WHERE topic = ? AND partition = ? AND time >= ?')
  return {
    range: (topic: number, partition: number) => range.get(topic, partition) as unknown as PartitionRange,
    /** Returns the records from `from` on until `maxBytes` are passed or there are `MOST_RECORDS`. */
    read(topic: number, partition: number, { from, maxBytes, keys }: BatchQuery): StoredBatch[] {
      const first = (batchAt.get(topic, partition, from) as { base: number | null }).base ?? from
      const found: StoredBatch[] = []
      let [size, records] = [0, 0]
      for (const row of batches.iterate(Number(keys), topic, partition, first - 1)) {
        const batch = sliceBatch(storedBatch(row), from, MOST_RECORDS - records)
        found.push(batch)
        size += bytesOf(batch)
        records += batch.count
        if (size >= maxBytes || records >= MOST_RECORDS) break
      }
      return found
    },
    offsetAt(topic: number, partition: number, time: number): number | undefined {
      return (firstSince.get(topic, partition, time) as { base: number | null }).base ?? undefined
    },
  }
}
