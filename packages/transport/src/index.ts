export { openProducer, openSource } from './address.ts'
export { endBefore, valueAt } from './block.ts'
export {
  type Block,
  type OutgoingRecord,
  type Partition,
  type Position,
  type Producer,
  partitionKey,
  type Source,
  type StartPosition,
  samePosition,
} from './source.ts'
