import { createHash } from 'node:crypto'

/** A record as its producer's user wrote it. */
export interface UserRecord {
  /** Its index in the aggregated record. */
  readonly index: number
  readonly partitionKey: string
  readonly explicitHashKey: string | undefined
  readonly data: Uint8Array
}

const MAGIC = Buffer.from([0xf3, 0x89, 0x9a, 0xc2])
const DIGEST_BYTES = 16

/**
 * The records that the Kinesis Producer Library packed into one: magic number, protobuf, MD5. Undefined for what
 * is not such a pack, damaged ones too: that is then one record as it stands, as for Amazon's own consumer.
 */
export function unpackAggregate(data: Uint8Array): UserRecord[] | undefined {
  if (data.length < MAGIC.length + DIGEST_BYTES || !MAGIC.equals(data.subarray(0, MAGIC.length))) return undefined
  const message = data.subarray(MAGIC.length, -DIGEST_BYTES)
  if (!createHash('md5').update(message).digest().equals(data.subarray(-DIGEST_BYTES))) return undefined
  try {
    return readMessage(message)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** AggregatedRecord: 1 partition keys, 2 explicit hash keys, 3 records. */
function readMessage(message: Uint8Array): UserRecord[] {
  const partitionKeys: string[] = []
  const hashKeys: string[] = []
  const records: Uint8Array[] = []
  for (const { number, bytes } of fieldsOf(message)) {
    if (number === 1) partitionKeys.push(textOf(bytes))
    else if (number === 2) hashKeys.push(textOf(bytes))
    else if (number === 3 && bytes) records.push(bytes)
  }
  return records.map((record, index) => readRecord(record, index, partitionKeys, hashKeys))
}

/** Record: 1 index of the partition key, 2 index of the explicit hash key, 3 data, 4 tags. */
function readRecord(
  record: Uint8Array,
  index: number,
  partitionKeys: readonly string[],
  hashKeys: readonly string[],
): UserRecord {
  let [partitionKey, explicitHashKey, data]: [string?, string?, Uint8Array?] = []
  for (const { number, value, bytes } of fieldsOf(record)) {
    if (number === 1) partitionKey = partitionKeys[value]
    else if (number === 2) explicitHashKey = hashKeys[value]
    else if (number === 3) data = bytes
  }
  if (partitionKey === undefined || data === undefined) throw new RangeError('a record without a key or data')
  return { index, partitionKey, explicitHashKey, data }
}

interface Field {
  readonly number: number
  readonly value: number
  readonly bytes: Uint8Array | undefined
}

/** Protocol buffers' wire format, as far as this message goes: numbers and lengths of bytes. */
function* fieldsOf(message: Uint8Array): Iterable<Field> {
  let at = 0
  const readVarint = () => {
    let value = 0
    for (let scale = 1; scale < 2 ** 49; scale *= 128) {
      const byte = message[at++]
      if (byte === undefined) break
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new RangeError('a number without an end')
  }
  while (at < message.length) {
    const tag = readVarint()
    const [number, type] = [Math.floor(tag / 8), tag % 8]
    const value = readVarint()
    if (type === 0) {
      yield { number, value, bytes: undefined }
      continue
    }
    if (type !== 2 || at + value > message.length) throw new RangeError('no field of this message')
    yield { number, value, bytes: message.subarray(at, at + value) }
    at += value
  }
}

function textOf(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes)
}
