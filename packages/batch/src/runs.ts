import { type RunRecord, readRuns } from '@millrace/queries'
import { openLake } from '@millrace/store'
import { listPlanned, type RunName } from './manifest.ts'

/** Planned run, with its record if it is finished. */
export interface ListedRun extends RunName {
  readonly record: RunRecord | undefined
}

/** Lists all runs of the lake, newest first. */
export async function listRuns(lakeAddress: string): Promise<ListedRun[]> {
  const lake = await openLake(lakeAddress)
  const [planned, finished] = await Promise.all([listPlanned(lake), readRuns(lake)])
  return planned.toReversed().map(({ date, attempt }) => {
    return { date, attempt, record: finished.find((run) => run.date === date && run.attempt === attempt) }
  })
}
