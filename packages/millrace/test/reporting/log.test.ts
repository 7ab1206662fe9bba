import type { WorkerEvent } from '@millrace/stream'
import { expect, test } from 'vitest'
import type { LogLevel } from '../../src/reporting/json-log.ts'
import { logReporter } from '../../src/reporting/log.ts'

function logged(level: LogLevel = 'info') {
  const lines: Record<string, unknown>[] = []
  let now = Date.parse('2026-01-31T14:02:00Z')
  const reporter = logReporter(
    (line) => void lines.push(JSON.parse(line)),
    level,
    () => now,
  )
  return {
    lines,
    reporter,
    pass(ms: number) {
      now += ms
    },
  }
}

const COMMITTED: WorkerEvent = {
  dataset: 'pin',
  what: 'committed',
  version: 7,
  rows: 98,
  filtered: 0,
  quarantined: 2,
  bytes: 1000,
  files: 1,
  fileBytes: 500,
  agesMs: [400, 600],
  lastTime: 0,
  reasons: new Map([['not JSON', 2]]),
  samples: [{ topic: 'pin', partition: '0', offset: '1', reason: 'not JSON', value: 'a secret of somebody' }],
}

test('a commit is one line, its rejected records another, and no line holds what is in a record', () => {
  const { lines, reporter } = logged()
  reporter.on(COMMITTED)
  const [commit, refused] = lines
  expect(commit).toMatchObject({ level: 'info', time: '2026-01-31T14:02:00.000Z', event: 'committed', rows: 98 })
  expect(refused).toMatchObject({ level: 'warn', event: 'quarantined', reasons: { 'not JSON': 2 } })
  expect(JSON.stringify(lines)).not.toContain('secret')
})

test('passwords in addresses are not logged', () => {
  const { lines, reporter } = logged()
  const message = 'kafka://me:hunter2@broker:9092?sasl=plain is not there'
  reporter.on({ dataset: 'pin', what: 'waits', code: 'SOURCE_UNREACHABLE', message })
  expect(JSON.stringify(lines)).toContain('kafka://me:***@broker:9092')
})

test('a wait is told once, again by the minute, and when it is over', () => {
  const { lines, reporter, pass } = logged()
  const wait = { dataset: 'pin', what: 'waits', code: 'STORE_FAILED', message: '503' } as const
  for (let second = 0; second < 90; second++) {
    reporter.on(wait)
    pass(1000)
  }
  reporter.on({ dataset: 'pin', what: 'goes on' })
  reporter.on(wait)
  expect(lines.map(({ event }) => event)).toEqual(['waits', 'waits', 'goes on', 'waits'])
})

test('a level hides what is below it', () => {
  const stage = { dataset: 'pin', what: 'stage', stage: 'clean', ms: 1.5 } as const
  for (const [level, events] of [
    ['debug', ['committed', 'quarantined', 'stage']],
    ['info', ['committed', 'quarantined']],
    ['warn', ['quarantined']],
    ['error', []],
  ] as const) {
    const { lines, reporter } = logged(level)
    reporter.on(COMMITTED)
    reporter.on(stage)
    expect(lines.map(({ event }) => event)).toEqual(events)
  }
})
