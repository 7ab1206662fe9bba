import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { withServices } from '@millrace/testkit'
import { describe, expect } from 'vitest'
import { METRICS, watchWorker } from '../src/index.ts'
import { createMetrics } from '../src/metrics.ts'
import { committed, handClock, OUTPUTS, pin, read, STARTED, WORKER } from './kit.ts'

const it = withServices('prometheus')

function busyWorker() {
  const { runtime } = handClock()
  const watch = watchWorker(WORKER, runtime)
  const metrics = createMetrics(watch.state, runtime)
  const rejected = { quarantined: 2, reasons: new Map([['not JSON', 2]]) }
  const maintenance = { table: 'pin', task: 'optimize', outcome: 'done', ms: 5 } as const
  const reported = [
    STARTED,
    pin.assigned,
    { ...read(runtime.now() - 3_000, 250), behind: { records: 250, keptBytes: 1 << 20 } } as const,
    pin.batch,
    { dataset: 'pin', what: 'stage', stage: 'clean', ms: 40 } as const,
    pin.waits,
    OUTPUTS,
    committed(rejected),
    { what: 'table', table: { table: 'pin', version: 7, files: 3, bytes: 900, rows: 300 } } as const,
    { what: 'maintenance', maintenance: maintenance } as const,
  ]
  for (const event of reported) {
    watch.on(event)
    metrics.on(event)
  }
  return { metrics, watch }
}

describe('what is served to Prometheus', () => {
  it('is what docs/reference/metrics.md lists, no more and no less', async () => {
    const text = await busyWorker().metrics.text()
    const served = [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)$/gm)].map(([, name, help, type]) => ({
      ...{ name, type, help },
      labels: labelsOf(text, name ?? ''),
    }))
    const page = await readFile(new URL('../../../docs/reference/metrics.md', import.meta.url), 'utf8')
    const listed = [...page.matchAll(/^\| `(\w+)` \| (\w+) \| (.*?) ?\| (.*) \|$/gm)].map(
      ([, name, type, labels, help]) => ({
        ...{ name, type, help },
        labels: [...(labels ?? '').matchAll(/\w+/g)].map(String),
      }),
    )
    const byName = (a: { name: string | undefined }, b: { name: string | undefined }) =>
      `${a.name}` < `${b.name}` ? -1 : 1
    expect(served.sort(byName)).toEqual(listed.sort(byName))
    expect(served).toHaveLength(Object.keys(METRICS).length)
  })

  it('passes the linter of Prometheus', async ({ prometheus }) => {
    const checking = promisify(execFile)(prometheus.promtool, ['check', 'metrics'])
    checking.child.stdin?.end(await busyWorker().metrics.text())
    expect(await checking).toEqual({ stdout: '', stderr: '' })
  })

  it('begins every counter of a data set with 0, so that the first event counts too', async () => {
    const { runtime } = handClock()
    const watch = watchWorker(WORKER, runtime)
    const metrics = createMetrics(watch.state, runtime)
    metrics.on(STARTED)
    expect(await metrics.text()).toContain('millrace_commits_total{dataset="pin"} 0')
  })

  it('holds hostile names as Prometheus wants them', async ({ prometheus }) => {
    const { metrics } = busyWorker()
    metrics.on(committed({ quarantined: 1, reasons: new Map([['a"b\\c\nd', 1]]) }))
    const text = await metrics.text()
    expect(text).toContain('reason="a\\"b\\\\c\\nd"')
    const checking = promisify(execFile)(prometheus.promtool, ['check', 'metrics'])
    checking.child.stdin?.end(text)
    expect((await checking).stderr).toBe('')
  })
})

function labelsOf(text: string, name: string): string[] {
  const [, labels = ''] = new RegExp(`^${name}(?:_sum)?(?:\\{(.*)\\})? `, 'm').exec(text) ?? []
  return [...labels.matchAll(/(\w+)="/g)].map(([, label]) => String(label))
}
