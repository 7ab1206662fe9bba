import { joinValues, systemRuntime } from '@millrace/base'
import { type Machine, openMachine } from '@millrace/engine'
import { type CleanedBatch, cleanedBatch } from '@millrace/outputs'
import { type Cleaner, checkDescription, createCleaner, type Dataset } from '@millrace/transform'
import type { Block, Partition } from '@millrace/transport'

/** Makes batches of a real data set with the real cleaner. */
export interface Batches {
  readonly dataset: Dataset
  readonly machine: Machine
  /** The records with these numbers, of one partition, read from one position to another. */
  batch(group: string, ...parts: readonly BatchPart[]): CleanedBatch
  close(): Promise<void>
}

export interface BatchPart {
  readonly partition: Partition
  readonly from: number
  readonly values: readonly string[]
}

/** Users, of whom each is known by a number. */
export const USERS: Dataset = {
  name: 'user',
  ...checkDescription(
    {
      description: 'Users: who made each post',
      fields: {
        ind: { type: 'integer' },
        first_name: { type: 'text' },
        last_name: { type: 'text' },
        age: { type: 'integer' },
        date_joined: { type: 'timestamp' },
      },
      columns: {
        ind: { type: 'integer' },
        user_name: { type: 'string' },
        age: { type: 'integer' },
        date_joined: { type: 'timestamp' },
      },
      expectations: {
        has_number: { predicate: 'ind IS NOT NULL', otherwise: 'quarantine' },
        likely_age: { predicate: 'age BETWEEN 0 AND 150', otherwise: 'keep' },
      },
    },
    'the data set user',
  ),
  sql: `SELECT ind, concat_ws(' ', first_name, last_name) AS user_name, age, date_joined FROM raw`,
}

export async function openBatches(
  dataset = USERS,
  watched: (cleaner: Cleaner) => Cleaner = (cleaner) => cleaner,
): Promise<Batches> {
  const machine = await openMachine(systemRuntime, 'all')
  const cleaner = watched(createCleaner(machine))
  return {
    dataset,
    machine,
    batch(group, ...parts) {
      const blocks = parts.map(blockOf)
      const advances = blocks.map(({ partition, from, to, count }) => ({
        partition,
        from,
        to,
        messages: count,
        records: count,
      }))
      const selected = blocks.map((block) => ({
        block,
        messages: block,
        held: 0,
        elsewhere: 0,
        repeated: 0,
        unrecognized: [],
      }))
      return cleanedBatch(
        selected,
        advances,
        { dataset, group, positionOf: (name) => [BigInt(name)] },
        cleaner,
        machine,
      )
    },
    close: async () => await machine[Symbol.asyncDispose](),
  }
}

/** A record of the data set that these batches are of. */
export function userRecord(ind: number): string {
  return JSON.stringify({ ind, first_name: 'A', last_name: 'B', age: 30, date_joined: '2016-01-01 00:00:00' })
}

function blockOf({ partition, from, values }: BatchPart): Block {
  const encoder = new TextEncoder()
  return {
    ...joinValues(values.map((value) => encoder.encode(value))),
    partition,
    from: [BigInt(from)],
    to: [BigInt(from + values.length)],
    offsets: BigInt64Array.from(values, (_, i) => BigInt(from + i)),
    times: Float64Array.from(values, () => 1_700_000_000_000),
  }
}
