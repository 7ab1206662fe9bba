import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Cell } from './cells.ts'
import type { Feed } from './feed.ts'
import type { Lake, Topic } from './places.ts'
import { expectEnd, type Orders, startWorker, type WorkerProcess } from './worker-process.ts'

/** How much faster than a real one the clock of a worker goes; of one whose table care is waited for. */
const HASTE = 5
const HASTE_OF_CARE = 20

/** Enough for a log that wants a checkpoint, and for more small files than care leaves alone. */
const RECORDS_FOR_CARE = 1_500
const RECORDS = 150

export interface Stage {
  readonly topic: Topic
  readonly lake: Lake
  readonly feed: Feed
  readonly folder: string
}

/**
 * Workers come and go while records arrive, and the first of them dies as the cell says. Settles with what ended
 * it, when the last worker has caught up.
 */
export async function playLife(cell: Cell, { topic, lake, feed, folder }: Stage): Promise<number | string> {
  const crew: ReturnType<typeof startWorker>[] = []
  const start = (special: Partial<Orders> = {}): WorkerProcess => {
    const orders = {
      ...{ source: topic.source, lake: lake.address, topic: topic.topic, group: 'crew' },
      ...{ dataset: 'user', table: 'user' },
      limits: { maxBytes: 2_000, maxRows: 20, everyMs: 5 * HASTE },
      untilCaughtUp: false,
      haste: HASTE,
    }
    const worker = startWorker({ ...orders, ...special }, folder)
    crew.push(worker)
    return worker
  }
  try {
    const needsCare = cell.point.needs === 'care'
    await feed.send(needsCare ? RECORDS_FOR_CARE : RECORDS)
    const doomed = start({
      dieAt: { point: cell.point.name, time: cell.time },
      ...(needsCare ? { haste: HASTE_OF_CARE, limits: { maxBytes: 300, maxRows: 1, everyMs: 0 } } : {}),
    })
    await Promise.race([doomed.passed('committed').catch(() => {}), doomed.ended])
    // Care is waited for alone: the log grows fastest when nobody is in the way.
    const second = needsCare ? undefined : start()
    if (cell.point.needs === 'a stop') doomed.terminate()
    const deathOfFirst = await feedUntil(doomed.ended, feed)

    const third = start()
    await feedUntil(third.passed('epoch begun'), feed)
    if (second) {
      await feedUntil(second.passed('epoch begun'), feed)
      await leave(second)
    }
    await feedUntil(third.passed('committed'), feed)
    await leave(third)
    await feed.send(RECORDS)
    await expectEnd(start({ untilCaughtUp: true }), 0)
    return deathOfFirst
  } finally {
    for (const worker of crew) if (worker.running) worker.kill()
  }
}

async function leave(worker: WorkerProcess): Promise<void> {
  worker.terminate()
  await expectEnd(worker, 0)
}

/** Slower than a worker, so that there is always something new and never a backlog. */
const PAUSE_MS = 25

async function feedUntil<T>(event: Promise<T>, feed: Feed): Promise<T> {
  const over = new AbortController()
  event.then(
    () => over.abort(),
    () => over.abort(),
  )
  while (!over.signal.aborted) {
    await feed.send(5)
    await Promise.race([pause(PAUSE_MS), over.signal.aborted ? undefined : once(over.signal, 'abort')])
  }
  return event
}
