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
import { MOST_RECORDS } from '../limits.ts'
import { refuse } from '../refusal.ts'
import type { Embedded } from './media-types.ts'

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** What schema-bound formats send along; JSON needs none of it. */
const SCHEMA_MEMBERS = new Set(['key_schema', 'key_schema_id', 'value_schema', 'value_schema_id'])

/** The records of a produce request; `partition`, where the path names one, is every record's. */
export function parseProduce(body: unknown, embedded: Embedded, partition?: number): OutgoingRecord[] {
  const records = readObject(body, (text) => recordsIn(text, embedded))
  if (records.length === 0) throw invalid('records is missing or empty')
  if (partition !== undefined) for (const record of records) record.partition = partition
  return records
}

function recordsIn(text: JsonText, embedded: Embedded): Mutable<OutgoingRecord>[] {
  let records: Mutable<OutgoingRecord>[] = []
  eachMember(text, (name) => {
    if (name === 'records') {
      if (!startsArray(text)) throw invalid('records is not an array')
      records = []
      eachElement(text, () => {
        if (records.length === MOST_RECORDS) throw tooMany()
        records.push(recordAt(text, embedded, records.length))
      })
    } else if (SCHEMA_MEMBERS.has(name)) valueBytes(text)
    else throw invalid(`unknown member ${JSON.stringify(name)}`)
  })
  return records
}

function recordAt(text: JsonText, embedded: Embedded, index: number): Mutable<OutgoingRecord> {
  if (!startsObject(text)) throw invalid(`records[${index}] is not an object`)
  const record: Mutable<OutgoingRecord> = { value: null }
  eachMember(text, (name) => {
    if (name === 'value') record.value = embeddedAt(text, embedded)
    else if (name === 'key') {
      const key = embeddedAt(text, embedded)
      if (key) record.key = key
    } else if (name === 'partition') {
      const partition = partitionAt(text, index)
      if (partition !== undefined) record.partition = partition
    } else throw invalid(`unknown member ${JSON.stringify(name)} in records[${index}]`)
  })
  return record
}

function embeddedAt(text: JsonText, embedded: Embedded): Buffer | null {
  const isNull = startsNull(text)
  if (embedded === 'json' || isNull) {
    const bytes = valueBytes(text)
    return isNull ? null : bytes
  }
  const encoded = startsString(text) ? stringAt(text) : valueBytes(text).toString()
  if (encoded.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(encoded)) return Buffer.from(encoded, 'base64')
  throw refuse(
    400,
    `data=${encoded.slice(0, 40)} is not a base64 string; JSON goes as application/vnd.kafka.json.v2+json`,
  )
}

/** A partition as a text of digits is taken too: others do. */
function partitionAt(text: JsonText, index: number): number | undefined {
  if (startsNull(text)) {
    valueBytes(text)
    return undefined
  }
  const written = startsString(text) ? stringAt(text) : valueBytes(text).toString()
  if (/^\d{1,9}$/.test(written)) return Number(written)
  throw invalid(`records[${index}].partition is not a number of a partition`)
}

function tooMany() {
  return refuse(413, `a request holds at most ${MOST_RECORDS} records; send the rest in another`)
}

function invalid(what: string) {
  return refuse(422, `Invalid request format: ${what}`)
}
