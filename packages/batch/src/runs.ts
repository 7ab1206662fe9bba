import { type RunRecord, readRuns } from '@millrace/queries'
import { openLake } from '@millrace/store'
import { listPlanned, type RunName } from './manifest.ts'

/** A run that was begun, and its record if it came to its end. */
export interface ListedRun extends RunName {
  readonly record: RunRecord | undefined
}

/** Every run of the lake, the newest first. */
export async function listRuns(lakeAddress: string): Promise<ListedRun[]> {
  const lake = await openLake(lakeAddress)
  const [planned, finished] = await Promise.all([listPlanned(lake), readRuns(lake)])
  return planned.toReversed().map(({ date, attempt }) => {
    return { date, attempt, record: finished.find((run) => run.date === date && run.attempt === attempt) }
  })
}
