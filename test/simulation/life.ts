import type { Cell } from './cells.ts'
import type { Scene } from './scene.ts'
import { leave } from './worker-process.ts'

/** Enough for a log that wants a checkpoint, and for more small files than maintenance leaves alone. */
const RECORDS_FOR_CARE = 1_500
const RECORDS = 150

/** For a worker whose table maintenance is waited for. */
const IN_CARE = { haste: 20, limits: { maxBytes: 300, maxRows: 1, everyMs: 0 } }

/**
 * Workers come and go while records arrive, and the first of them dies as the cell says. Settles with what ended
 * it, when the others have left.
 */
export async function playLife(
  { point, time }: Pick<Cell, 'point' | 'time'>,
  { feed, feedUntil, start }: Scene,
): Promise<number | string> {
  const needsMaintenance = point.needs === 'maintenance'
  await feed.send(needsMaintenance ? RECORDS_FOR_CARE : RECORDS)
  const events = [{ point: point.name, time, outcome: 'dies' } as const]
  const doomed = start({ events, ...(needsMaintenance ? IN_CARE : {}) })
  await Promise.race([doomed.passed('committed').catch(() => {}), doomed.ended])
  // Maintenance is waited for alone: the log grows fastest when nobody is in the way.
  const second = needsMaintenance ? undefined : start()
  if (point.needs === 'a stop') doomed.terminate()
  const deathOfFirst = await feedUntil(doomed.ended)

  const third = start()
  await feedUntil(third.passed('epoch begun'))
  if (second) {
    await feedUntil(second.passed('epoch begun'))
    await leave(second)
  }
  await feedUntil(third.passed('committed'))
  await leave(third)
  await feed.send(RECORDS)
  return deathOfFirst
}
