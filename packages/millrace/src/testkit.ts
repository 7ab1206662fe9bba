import { systemRuntime } from '@millrace/base'
import type { Format } from '@millrace/formats'
import { type FormatSamples, formatContract } from '@millrace/formats/contract'
import type { OpenOutput } from '@millrace/outputs'
import { type StoreFaults, describeOutput as suiteOfOutputs, userRecord } from '@millrace/outputs/contract'
import { memoryStore, type ObjectStore } from '@millrace/store'
import { describeStore as suiteOfStores } from '@millrace/store/contract'
import type { OpenSource, OutgoingRecord, Position, SentRecord } from '@millrace/transport'
import { describeTransport, type TransportUnderTest } from '@millrace/transport/contract'
import { test } from 'vitest'

// For Vitest in a project of one's own: what the outputs, formats, sources and stores of Millrace are held against.

/** @public */
export type { FormatSamples } from '@millrace/formats/contract'
/** @public */
export type { StoreFault, StoreFaults } from '@millrace/outputs/contract'

/**
 * A place that is empty, and ways to look at it from outside. The suite's rows have the columns `ind` (a number),
 * `user_name`, `age` and `date_joined`.
 */
export interface OutputUnderTest {
  /**
   * Returns the output on this place, as each of several processes would open it. `faults` says which of its calls to
   * the place go wrong; an output on a place that cannot fail leaves it alone.
   */
  open(faults: StoreFaults): OpenOutput
  /** The values of `ind` that a reader sees, in ascending order. */
  visible(): Promise<readonly number[]>
  close?(): Promise<void>
}

/** A system that is up, with what the suite needs to write to it. */
export interface SourceUnderTest {
  readonly open: OpenSource
  /** Makes a topic that nobody has used. */
  freshTopic(partitions: number): Promise<string>
  /** Stores records, and answers each with the id of its partition and its number there, from 0. */
  send(topic: string, records: readonly OutgoingRecord[]): Promise<SentRecord[]>
  /** Where reading begins with a record: at its number, unless said. */
  readonly positionOf?: (sent: SentRecord) => Position
  /** A position that no partition of a fresh topic holds: 1000, unless said. */
  readonly nowhere?: Position
  /** What the system lacks, of all that others have. */
  readonly lacks?: readonly ('keys' | 'headers' | 'tombstones' | 'times' | 'line breaks')[]
}

/**
 * Proves that an output keeps the contract that stands on `Output`: rows and progress together, the fence, death at
 * every crash point; with `storeCanFail` also every call of a commit refused, late, slow, or done with its answer lost.
 * `open` makes a place for each test.
 * @public
 */
export function describeOutput(
  name: string,
  open: () => OutputUnderTest | Promise<OutputUnderTest>,
  { storeCanFail = false }: { readonly storeCanFail?: boolean } = {},
): void {
  suiteOfOutputs(name, { storeCanFail }, async () => {
    const under = await open()
    return {
      message: userRecord,
      open: ({ faults, ...context }) =>
        under.open(faults)({
          ...context,
          address: name,
          table: context.dataset.name,
          store: memoryStore(new Map(), systemRuntime),
        }),
      visible: () => under.visible(),
      close: async () => under.close?.(),
    }
  })
}

/**
 * Proves that a format keeps the contract that stands on `Format`.
 * @public
 */
export function describeFormat(format: Format, samples: FormatSamples): void {
  formatContract(format, samples)
}

/**
 * Proves that a source keeps the contract that stands on `Source`: every record, in order, and again at each further read.
 * @public
 */
export function describeSource(name: string, open: () => SourceUnderTest | Promise<SourceUnderTest>): void {
  let opened: Promise<SourceUnderTest> | undefined
  describeTransport(
    name,
    test.extend('transport', async (): Promise<TransportUnderTest> => {
      opened ??= Promise.resolve(open())
      const under = await opened
      const lacks = new Set(under.lacks)
      return {
        address: name,
        source: () => under.open({}, systemRuntime),
        producer: () => ({ send: (topic, records) => under.send(topic, records), close: async () => {} }),
        freshTopic: (partitions) => under.freshTopic(partitions),
        positionOf: under.positionOf ?? (({ offset }) => [offset]),
        nowhere: under.nowhere ?? [1000n],
        keys: !lacks.has('keys'),
        headers: !lacks.has('headers'),
        tombstones: !lacks.has('tombstones'),
        times: !lacks.has('times'),
        holds: (value) => !lacks.has('line breaks') || !/[\n\r]/.test(value),
      }
    }),
  )
}

/**
 * Proves that a store keeps the contract that stands on `ObjectStore`. `open` makes an empty one for each test.
 * @public
 */
export function describeStore(name: string, open: () => ObjectStore | Promise<ObjectStore>): void {
  suiteOfStores(
    name,
    test.extend('store', async () => open()),
  )
}
