export { addSources, listTopics, type OpenSource, openCatalog, openProducer, openSource } from './address.ts'
export { parseArchiveAddress } from './archive/address.ts'
export { type Packed, pack } from './archive/pack.ts'
export { type ArchiveVerdict, verifyArchive } from './archive/verify.ts'
export { type ArchiveStep, archiveWriter, type Claims } from './archive/writer.ts'
export type { PartitionDescription, TopicCatalog, TopicDescription } from './catalog.ts'
export { flooded, guardFlood } from './mysql/flood-guard.ts'
export { mysqlErrors } from './mysql/mysql-error.ts'
export { type MysqlServer, mysqlLogin, parseMysqlServer } from './mysql/server-address.ts'
export { pickRecords } from './pick-records.ts'
export { guardPostgres, LARGEST_POSTGRES_ANSWER, type PostgresGuard } from './postgres/flood-guard.ts'
export { type PostgresServer, parsePostgresServer, postgresLogin } from './postgres/server-address.ts'
export {
  type Behind,
  type Block,
  type End,
  endAt,
  type OutgoingRecord,
  type Partition,
  type PartitionListener,
  type Position,
  type Producer,
  partitionKey,
  type ReadOptions,
  type ReadRoom,
  reached,
  type SentRecord,
  type Source,
  type SourceOptions,
  type StartPosition,
  samePosition,
} from './source.ts'
