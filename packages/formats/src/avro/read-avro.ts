import type { JoinedValues } from '@millrace/base'
import { type RecordPlan, readColumns } from '../columns/read-columns.ts'
import type { ReadMessages } from '../format.ts'
import { AvroReader } from './reader.ts'

/** Reads what stands before a message's value; returns what reads the value, or why the message is rejected. */
export type PlanOf = (from: AvroReader) => RecordPlan<AvroReader> | string

/** Reads a block: each message as `planOf` says. */
export function readAvro(messages: JoinedValues, planOf: PlanOf): ReadMessages {
  const from = new AvroReader()
  return readColumns(messages, 'Avro', (bytes) => {
    from.open(bytes)
    return {
      from,
      planOf(start, end) {
        from.begin(start, end)
        return planOf(from)
      },
    }
  })
}
