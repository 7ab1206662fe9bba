import type { Terminal } from './terminal.ts'

export interface Progress {
  /** Shows how many records of each data set are done. */
  show(done: number): void
  end(): void
}

const REDRAW_MS = 100
const LINE_MS = 10_000
/** The rate shown is that of the last so many milliseconds. */
const WINDOW_MS = 5_000
const BAR = 20

interface Sample {
  readonly at: number
  readonly done: number
}

/** A line that is drawn anew on a screen; in a pipe, one line every ten seconds. `total`: undefined when endless. */
export function createProgress(terminal: Terminal, total: number | undefined, now: () => number): Progress {
  const screen = terminal.statusWidth
  const every = screen === undefined ? LINE_MS : REDRAW_MS
  let samples: Sample[] = [{ at: now(), done: 0 }]
  let shownAt = now()
  return {
    show(done) {
      const at = now()
      if (at - shownAt < every) return
      shownAt = at
      const first = samples.findLast((sample) => at - sample.at >= WINDOW_MS) ?? samples[0] ?? { at, done }
      samples = [...samples.slice(samples.indexOf(first)), { at, done }]
      const line = progressLine(done, total, ((done - first.done) / Math.max(1, at - first.at)) * 1000)
      if (screen === undefined) terminal.note(line)
      else terminal.status(line.slice(0, screen - 1))
    },
    end: () => terminal.status(''),
  }
}

export function progressLine(done: number, total: number | undefined, perSecond: number): string {
  const rate = `${Math.round(perSecond)}/s`
  if (total === undefined) return `${done} records each, ${rate}`
  const share = Math.min(1, done / total)
  const filled = Math.round(share * BAR)
  const bar = '█'.repeat(filled) + '░'.repeat(BAR - filled)
  const left = perSecond > 0 ? `, ${duration((total - done) / perSecond)} left` : ''
  return `${bar} ${Math.floor(share * 100)} %, ${done} of ${total} records each, ${rate}${left}`
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}
