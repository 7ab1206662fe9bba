import type { Runtime } from '@millrace/base'
import { MillraceError } from '@millrace/base'
import { type Partition, type Position, reached } from '@millrace/transport'
import type { Output, StoredAdvance } from './output.ts'

/** How an output of a pipeline is doing, for people. */
export interface OutputStanding {
  readonly output: string
  readonly isAnchor: boolean
  /** Offsets between it and the anchor, over all partitions; undefined where positions are no plain offsets. */
  readonly behind: number | undefined
  /** In how many partitions it has yet to come to where the anchor is. */
  readonly partitionsBehind: number
  /** The last failure, and whether no call has passed since. */
  readonly failure?: OutputFailure
}

export interface OutputFailure {
  readonly at: number
  readonly code: string
  readonly message: string
  readonly lasts: boolean
}

/** The positions that a worker expects an output to have, by `partitionKey`. */
export interface Expectation {
  readonly all: ReadonlyMap<string, Position>
  of(partition: Partition): Position | undefined
  begin(stored: ReadonlyMap<Partition, Position>): void
  moved(advances: readonly StoredAdvance[]): void
}

export interface Watched {
  readonly output: Output
  failure(): OutputFailure | undefined
}

/** Returns the output, and remembers its last failure. */
export function watched(output: Output, { now }: Pick<Runtime, 'now'>): Watched {
  let failure: OutputFailure | undefined
  const watching =
    <A extends readonly unknown[], R>(work: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      try {
        const result = await work(...given)
        if (failure?.lasts) failure = { ...failure, lasts: false }
        return result
      } catch (error) {
        const code = error instanceof MillraceError ? error.code : 'INTERNAL'
        failure = { at: now(), code, message: (error as Error).message, lasts: true }
        throw error
      }
    }
  return {
    output: {
      ...output,
      begin: watching((partitions) => output.begin(partitions)),
      upload: watching((prepared) => output.upload(prepared)),
      commit: watching((prepared, advances) => output.commit(prepared, advances)),
    },
    failure: () => failure,
  }
}

interface Member extends Watched {
  readonly expectation: Expectation
}

/** Returns the standing of the outputs of records. An output of rejected records is behind by its nature. */
export function standingOf(anchor: Member, others: readonly Member[]): OutputStanding[] {
  const ofRecords = others.filter(({ output }) => output.held === undefined)
  const ofOthers = ofRecords.map((other) =>
    standing(other, false, gapsOf(other.expectation.all, anchor.expectation.all)),
  )
  return [standing(anchor, true, []), ...ofOthers]
}

type Gap = readonly [at: Position, anchor: Position]

function standing({ output, failure }: Watched, isAnchor: boolean, gaps: readonly Gap[]): OutputStanding {
  const last = failure()
  const arePlain = gaps.every(([at, anchor]) => at.length === 1 && anchor.length === 1)
  const behind = gaps.reduce((sum, [at, anchor]) => sum + Number((anchor[0] ?? 0n) - (at[0] ?? 0n)), 0)
  return {
    ...{ output: output.name, isAnchor, behind: arePlain ? behind : undefined, partitionsBehind: gaps.length },
    ...(last && { failure: last }),
  }
}

function gapsOf(own: ReadonlyMap<string, Position>, anchored: ReadonlyMap<string, Position>): Gap[] {
  return [...anchored].flatMap(([key, anchor]) => {
    const at = own.get(key)
    return at === undefined || reached(at, anchor) ? [] : [[at, anchor] as const]
  })
}
