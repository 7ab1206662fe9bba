import { type Runtime, systemRuntime } from '@millrace/base'
import { describe, expect, it } from 'vitest'
import { keepSchedule } from '../src/index.ts'
import type { Schedule } from '../src/schedule.ts'

/** A clock that jumps to where a sleeper wants it. */
function clockAt(start: string): Runtime {
  let now = Date.parse(start)
  const sleep = async (milliseconds: number, signal?: AbortSignal) => {
    signal?.throwIfAborted()
    now += milliseconds
  }
  return { ...systemRuntime, now: () => now, sleep }
}

const DAILY: Schedule = { pattern: '@daily', timeZone: 'UTC' }

/** What happens, in order, until so much has happened. */
async function happenings(
  schedule: Schedule,
  start: string,
  until: number,
  work: (date: string, nth: number) => void = () => {},
): Promise<string[]> {
  const reported: string[] = []
  const runtime = clockAt(start)
  const stop = new AbortController()
  const tell = (text: string) => {
    reported.push(text)
    if (reported.length >= until) stop.abort()
  }
  const listener = {
    onNext: () => {},
    onFailed: (date: string, _: unknown, retryInMs: number | undefined) => tell(`${date} failed, retry ${retryInMs}`),
  }
  let nth = 0
  const doWork = async (date: string) => {
    tell(`${date} at ${new Date(runtime.now()).toISOString().slice(0, 16)}`)
    work(date, nth++)
  }
  await keepSchedule(schedule, doWork, listener, runtime, stop.signal).catch((error: Error) => {
    if (!stop.signal.aborted) throw error
  })
  return reported.slice(0, until)
}

describe('a schedule', () => {
  it('makes up for the last time that was missed, then keeps its times', async () => {
    expect(await happenings(DAILY, '2026-03-01T10:00:00Z', 3)).toEqual([
      '2026-03-01 at 2026-03-01T10:00',
      '2026-03-02 at 2026-03-02T00:00',
      '2026-03-03 at 2026-03-03T00:00',
    ])
  })

  it('goes by the clock and the date of its zone, also where that clock is changed', async () => {
    const berlin = { pattern: '30 4 * * *', timeZone: 'Europe/Berlin' }
    expect(await happenings(berlin, '2026-03-28T12:00:00Z', 3)).toEqual([
      '2026-03-28 at 2026-03-28T12:00',
      '2026-03-29 at 2026-03-29T02:30',
      '2026-03-30 at 2026-03-30T02:30',
    ])
  })

  it('names the run of a midnight by the date that it then is in the zone', async () => {
    const auckland = { pattern: '@daily', timeZone: 'Pacific/Auckland' }
    expect((await happenings(auckland, '2026-06-01T00:00:00Z', 2))[1]).toBe('2026-06-02 at 2026-06-01T12:00')
  })

  it('tries again once, two minutes later, and goes on to the next time whatever comes of it', async () => {
    const fail = (_: string, nth: number) => {
      if (nth === 1 || nth === 2) throw new Error('no')
    }
    expect(await happenings(DAILY, '2026-03-01T10:00:00Z', 6, fail)).toEqual([
      '2026-03-01 at 2026-03-01T10:00',
      '2026-03-02 at 2026-03-02T00:00',
      '2026-03-02 failed, retry 120000',
      '2026-03-02 at 2026-03-02T00:02',
      '2026-03-02 failed, retry undefined',
      '2026-03-03 at 2026-03-03T00:00',
    ])
  })

  it('never begins a run while another is under way: the times that passed meanwhile are left out', async () => {
    const runtime = clockAt('2026-03-01T00:30:00Z')
    const stop = new AbortController()
    const dates: string[] = []
    const slow = async (date: string) => {
      dates.push(date)
      await runtime.sleep(60 * 3_600_000)
      if (dates.length === 3) stop.abort()
    }
    const listener = { onNext: () => {}, onFailed: () => {} }
    await keepSchedule(DAILY, slow, listener, runtime, stop.signal).catch(() => {})
    expect(dates).toEqual(['2026-03-01', '2026-03-04', '2026-03-07'])
  })

  it.each([
    { pattern: 'every day', timeZone: 'UTC' },
    { pattern: '@daily', timeZone: 'Europe/Atlantis' },
  ])('that is none is refused: $pattern in $timeZone', async (schedule) => {
    await expect(happenings(schedule, '2026-03-01T10:00:00Z', 1)).rejects.toMatchObject({ code: 'USAGE' })
  })
})
