import { MillraceError } from '@millrace/base'
import type { Position } from '@millrace/transport'
import { DAILY_RUN } from './daily-run.ts'
import type { Output, OutputContext } from './output.ts'
import { outputAt } from './outputs.ts'
import { type ReadyRows, readyBatch, refuseUnfit } from './ready-rows.ts'

/** The clean rows of one date's daily run. */
export interface RowsOfDate extends ReadyRows {
  readonly date: string
  readonly attempt: number
}

/**
 * Writes the rows of a date's run into an output, once: the output keeps the attempt of each date as its progress.
 * Another attempt of the date replaces rows where the output keeps one for each key, and is refused elsewhere.
 */
export async function fillOutput(context: OutputContext, ready: RowsOfDate): Promise<void> {
  const kind = await outputAt(context.address)
  if (kind.takes === 'messages') {
    throw new MillraceError('OUTPUT_ADDRESS', `${context.address} takes messages as they came; a daily run has rows`)
  }
  await refuseUnfit(context, kind.fits?.(context.dataset, context.address), ready)
  const output = await kind.open(context)
  try {
    await fill(output, kind.replaces ?? false, context, ready)
  } finally {
    await output.close()
  }
}

async function fill(output: Output, replaces: boolean, context: OutputContext, ready: RowsOfDate): Promise<void> {
  const { dataset, machine } = context
  const partition = { topic: DAILY_RUN, identity: DAILY_RUN, id: ready.date }
  const to: Position = [BigInt(ready.attempt)]
  const stored = (await output.begin([partition])).positions.get(partition)
  if (stored !== undefined && Number(stored[0]) >= ready.attempt) return
  if (stored !== undefined && !replaces) {
    throw new MillraceError('RUN_ORDER', `${output.name} has the rows of ${ready.date} by an earlier attempt`, {
      next: 'Delete them and the progress of that date beside the table, or give the table a key.',
    })
  }
  // A newer date's rows are newer.
  const batch = await readyBatch(dataset, [{ partition, to }], Date.parse(ready.date), ready, machine)
  const prepared = await output.prepare(batch)
  await output.upload(prepared)
  const { outcome } = await output.commit(prepared, [{ partition, from: stored, to }])
  if (outcome === 'fenced') {
    await output.discard?.(prepared)
    throw new MillraceError('TABLE_CONFLICT', `another run has moved the rows of ${ready.date} in ${output.name}`)
  }
}
