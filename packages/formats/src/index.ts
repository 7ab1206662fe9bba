export { FRAMINGS } from './avro/framing.ts'
export { type BlockColumns, type Column, columnKey } from './block-columns.ts'
export { addColumns } from './columns/add-columns.ts'
export { parquetFile, parquetName } from './columns/parquet-file.ts'
export type { FormatContext } from './context.ts'
export type { DebeziumDescription } from './debezium/options.ts'
export type {
  Format,
  IdsInHeaders,
  MessageSchemas,
  RawMessages,
  ReadMessages,
  RejectedMessage,
  UnpackedMessages,
} from './format.ts'
export { addFormats, type FormatDescription, formatNames, openFormat } from './formats.ts'
export { LONGEST_JOINED_VALUE, thatNeedCloserLook } from './json/closer-look.ts'
export { jsonFormat } from './json/format.ts'
export { MOST_RECORDS_A_MESSAGE } from './json/lists.ts'
export { recordText } from './json/record-text.ts'
export { shapeOfTopic } from './registered-shape.ts'
export { parseRegistryAddress } from './registry/address.ts'
export { openRegistry } from './registry/open-registry.ts'
export { shapeOfRecords, typedFields } from './shape/json-shape.ts'
export type { RecordShape, Shape } from './shape/shape.ts'
