import type { LiveAnswers } from '../answers.ts'
import type { WorkerBrief } from '../group.ts'
import { ALL, MARK_EVERY_MS, MOST_POINTS, pointOf } from '../history.ts'
import type { HistoryPoint, WorkerState } from '../state.ts'

/** All that the page shows. */
export interface View {
  readonly state: WorkerState
  /** The oldest first. */
  readonly history: readonly HistoryPoint[]
  readonly group: readonly WorkerBrief[]
  readonly answers: LiveAnswers | undefined
  /** Since when nothing was heard of the worker, by this browser's clock; undefined while all is well. */
  readonly lostSince: number | undefined
  /** Shows those data sets whose name, table or topics hold the text; where there are many, the worst of them. */
  readonly search: (text: string) => void
  /** The text that is searched for. */
  readonly searched: string
}

const GROUP_EVERY_MS = 10_000
const ANSWERS_EVERY_MS = 10_000
/** The worker tells its state once a second. */
const LOST_AFTER_MS = 5_000

/** Shows the worker as it is, and again whenever there is news. */
export function follow(show: (view: View) => void): void {
  let view: View | undefined
  let heardAt = Date.now()
  const change = (news: Partial<View>) => {
    if (!view) return
    view = { ...view, ...news }
    show(view)
  }
  const heard = ({ data }: MessageEvent<string>) => {
    const state: WorkerState = JSON.parse(data)
    heardAt = Date.now()
    if (view?.state.worker.id !== state.worker.id) {
      view = { state, history: [], group: [], answers: undefined, lostSince: undefined, search, searched }
      void ask<HistoryPoint[]>('history').then((history = []) => change({ history }))
      void ask<WorkerBrief[]>('group').then((group = []) => change({ group }))
      void ask<LiveAnswers>('answers').then((answers) => change({ answers }))
    }
    change({ state, history: withPoint(view.history, state), lostSince: undefined })
  }
  let feed: EventSource | undefined
  let searched = ''
  const search = (text: string) => {
    searched = text
    change({ searched })
    feed?.close()
    feed = new EventSource(text === '' ? 'events' : `events?search=${encodeURIComponent(text)}`)
    feed.addEventListener('state', heard)
  }
  search('')
  setInterval(() => {
    if (Date.now() - heardAt > LOST_AFTER_MS) change({ lostSince: heardAt })
  }, 1_000)
  every(GROUP_EVERY_MS, async () => {
    const group = await ask<WorkerBrief[]>('group')
    if (group) change({ group })
  })
  every(ANSWERS_EVERY_MS, async () => {
    const answers = await ask<LiveAnswers>('answers')
    if (answers) change({ answers })
  })
}

/** Nobody looks at a page that is hidden: then the worker is not bothered. */
function every(ms: number, what: () => Promise<void>): void {
  setTimeout(async () => {
    if (document.visibilityState === 'visible') await what()
    every(ms, what)
  }, ms)
}

/** A worker that does not answer is seen by its missing events. */
async function ask<T>(path: string): Promise<T | undefined> {
  try {
    const answer = await fetch(path)
    return answer.ok ? ((await answer.json()) as T) : undefined
  } catch {
    return undefined
  }
}

function withPoint(history: readonly HistoryPoint[], state: WorkerState): readonly HistoryPoint[] {
  const last = history.at(-1)
  // The lines of many data sets are drawn as one, which only the worker can add up.
  if (last?.datasets[0]?.dataset === ALL) return history
  if (last && state.at - last.at < MARK_EVERY_MS) return history
  return [...history, pointOf(state)].slice(-MOST_POINTS)
}
