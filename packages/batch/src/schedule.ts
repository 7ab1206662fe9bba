import { MillraceError, type Runtime } from '@millrace/base'
import { Cron } from 'croner'

export interface Schedule {
  /** Pattern of times: `@daily`, or five fields of cron. */
  readonly pattern: string
  /** Time zone of the pattern and of the runs' dates. */
  readonly timeZone: string
}

export interface ScheduleListener {
  onNext(time: number): void
  onFailed(date: string, error: unknown, retryInMs: number | undefined): void
}

const RETRY_AFTER_MS = 2 * 60_000

/** Upper bound of one sleep: timers have a limit, and the machine's clock may be set meanwhile. */
const LONGEST_SLEEP_MS = 3_600_000

/**
 * Calls `work` with the current date at each time of the schedule until the signal aborts. Calls do not overlap; a failed
 * one is repeated once after two minutes. It starts with the last time that has passed, so `work` must detect work that
 * is done already.
 */
export async function keepSchedule(
  schedule: Schedule,
  work: (date: string) => Promise<void>,
  listener: ScheduleListener,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<void> {
  const cron = parsePattern(schedule)
  const missed = cron.previousRuns(1, new Date(runtime.now()))[0]
  if (missed) await attempt(dateIn(schedule.timeZone, missed.getTime()), work, listener, runtime, signal)
  let now = runtime.now()
  for (let next = nextTime(cron, now); next !== undefined && !signal.aborted; next = nextTime(cron, now)) {
    listener.onNext(next)
    await sleepUntil(next, runtime, signal)
    await attempt(dateIn(schedule.timeZone, next), work, listener, runtime, signal)
    now = Math.max(next, runtime.now())
  }
}

function parsePattern({ pattern, timeZone }: Schedule): Cron {
  try {
    const cron = new Cron(pattern, { timezone: timeZone, paused: true })
    cron.nextRun()
    return cron
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause)
    throw new MillraceError('USAGE', `"${pattern}" in ${timeZone} is not a schedule: ${said}`, {
      next: 'Give one like "@daily", "@hourly" or "30 4 * * *", and a time zone like Europe/Berlin.',
      cause,
    })
  }
}

function nextTime(cron: Cron, after: number): number | undefined {
  return cron.nextRun(new Date(after))?.getTime()
}

async function attempt(
  date: string,
  work: (date: string) => Promise<void>,
  { onFailed }: ScheduleListener,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<void> {
  try {
    await work(date)
  } catch (error) {
    signal.throwIfAborted()
    onFailed(date, error, RETRY_AFTER_MS)
    await sleepUntil(runtime.now() + RETRY_AFTER_MS, runtime, signal)
    await work(date).catch((again: unknown) => {
      signal.throwIfAborted()
      onFailed(date, again, undefined)
    })
  }
}

async function sleepUntil(time: number, runtime: Runtime, signal: AbortSignal): Promise<void> {
  for (let left = time - runtime.now(); left > 0; left = time - runtime.now()) {
    await runtime.sleep(Math.min(left, LONGEST_SLEEP_MS), signal)
  }
  signal.throwIfAborted()
}

/** Returns the date of a time in a time zone. */
export function dateIn(timeZone: string, time: number): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(time)
}
