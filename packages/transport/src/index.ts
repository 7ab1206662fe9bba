export { openProducer, openSource } from './address.ts'
export {
  type Block,
  type OutgoingRecord,
  type Partition,
  type PartitionListener,
  type Position,
  type Producer,
  partitionKey,
  type Source,
  type StartPosition,
  samePosition,
} from './source.ts'
