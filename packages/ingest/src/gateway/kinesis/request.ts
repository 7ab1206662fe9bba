import type { OutgoingRecord } from '@millrace/transport'
import { readObject } from '../body.ts'
import {
  eachElement,
  eachMember,
  type JsonText,
  startsArray,
  startsNull,
  startsObject,
  startsString,
  stringAt,
  valueBytes,
} from '../json-text.ts'
import { MOST_PARTITIONS } from '../limits.ts'
import { invalidArgument } from './answers.ts'

/** The most that Kinesis takes at once. */
const MOST_RECORDS = 500
const LONGEST_KEY = 256

/** PUT …/record: `{"StreamName", "Data", "PartitionKey"}`. The stream is the one in the path. */
export function parseRecord(body: unknown): OutgoingRecord {
  return readObject(body, (text) => recordAt(text, { data: 'Data', key: 'PartitionKey' }, ''))
}

/** PUT …/records: `{"records": [{"data", "partition-key"}]}`, or as Kinesis itself calls them. */
export function parseRecords(body: unknown): OutgoingRecord[] {
  const records = readObject(body, recordsIn)
  if (!records) throw invalidArgument('records is missing')
  if (records.length === 0) throw wrongCount('none of them')
  return records
}

function wrongCount(count: string) {
  return invalidArgument(`records holds ${count}; it must hold 1 to ${MOST_RECORDS}`)
}

interface Names {
  readonly data: string
  readonly key: string
}

function recordsIn(text: JsonText): OutgoingRecord[] | undefined {
  let records: OutgoingRecord[] | undefined
  eachMember(text, (name) => {
    const own = name === 'records'
    if (!own && name !== 'Records') return void valueBytes(text)
    if (!startsArray(text)) throw invalidArgument(`${name} is not an array`)
    const found: OutgoingRecord[] = []
    const names = own ? { data: 'data', key: 'partition-key' } : { data: 'Data', key: 'PartitionKey' }
    eachElement(text, () => {
      if (found.length === MOST_RECORDS) throw wrongCount(`${MOST_RECORDS + 1} of them or more`)
      found.push(recordAt(text, names, `${name}[${found.length}].`))
    })
    records = found
  })
  return records
}

function recordAt(text: JsonText, names: Names, where: string): OutgoingRecord {
  if (!startsObject(text)) throw invalidArgument(`${where.slice(0, -1)} is not an object`)
  let value: Buffer | undefined
  let key: string | undefined
  eachMember(text, (name) => {
    if (name === names.data) value = dataAt(text)
    else if (name === names.key) key = startsString(text) ? stringAt(text) : valueBytes(text).toString()
    else valueBytes(text)
  })
  if (!value) throw invalidArgument(`${where}${names.data} is missing`)
  if (!key || key.length > LONGEST_KEY || key === 'null') {
    throw invalidArgument(`${where}${names.key} is missing, empty or longer than ${LONGEST_KEY} characters`)
  }
  return { value, key: Buffer.from(key) }
}

/** JSON as it stands there; a text is the record itself, such as one that was turned to JSON before. */
function dataAt(text: JsonText): Buffer | undefined {
  if (startsString(text)) return Buffer.from(stringAt(text))
  const isNull = startsNull(text)
  const bytes = valueBytes(text)
  return isNull ? undefined : bytes
}

/** The number of shards that a new stream shall have. */
export function parseShardCount(body: unknown): number {
  if (!Buffer.isBuffer(body) || body.length === 0) return 1
  let count = 1
  readObject(body, (text) =>
    eachMember(text, (name) => {
      const written = valueBytes(text).toString()
      if (name !== 'ShardCount') return
      count = Number(written)
      if (!/^[1-9]\d{0,3}$/.test(written) || count > MOST_PARTITIONS) {
        throw invalidArgument(`ShardCount is not a number from 1 to ${MOST_PARTITIONS}`)
      }
    }),
  )
  return count
}
