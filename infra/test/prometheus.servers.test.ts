import { execFile, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { systemRuntime } from '@millrace/base'
import { temporaryFolder, withServices } from '@millrace/testkit'
import { openProducer } from '@millrace/transport'
import { afterEach, expect } from 'vitest'
import { DASHBOARDS, dashboardText } from '../grafana/dashboards.ts'

const it = withServices('prometheus')
const RULES = fileURLToPath(new URL('../prometheus/', import.meta.url))
const MAIN = fileURLToPath(new URL('../../packages/millrace/src/main.ts', import.meta.url))

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

it('every panel of every dashboard shows something of a real worker that Prometheus scrapes', async ({
  prometheus,
}) => {
  const worker = await startWorker()
  const targets = [{ targets: [new URL(worker.url).host], labels: { job: 'millrace' } }]
  await writeFile(prometheus.targets, JSON.stringify(targets))
  ends.push(() => writeFile(prometheus.targets, '[]'))
  await worker.poison()
  const expressions = Object.values(DASHBOARDS).flatMap((make) => expressionsOf(make()))
  expect(expressions.length).toBeGreaterThan(15)
  for (const expression of expressions) {
    const recent = expression.replaceAll('$__rate_interval', '10s')
    await until(expression, async () => (await query(prometheus.url, recent)).some((value) => !Number.isNaN(value)))
  }
  expect(await query(prometheus.url, 'up{job="millrace"}')).toEqual([1])
  expect(await query(prometheus.url, 'sum(millrace_quarantined_records_total)')).toEqual([3])
})

it('the alert rules are well formed, fire when they should and not when they should not', async ({ prometheus }) => {
  const promtool = promisify(execFile)
  const { stdout } = await promtool(prometheus.promtool, ['check', 'config', `${RULES}prometheus.yml`])
  expect(stdout).toContain('8 rules found')
  const tested = await promtool(prometheus.promtool, ['test', 'rules', `${RULES}rules.test.yml`])
  expect(tested.stdout).toContain('SUCCESS')
})

it('a Prometheus takes the rules and answers every one of them', async ({ prometheus }) => {
  await writeFile(prometheus.rules, await readFile(`${RULES}rules.yml`))
  ends.push(() => writeFile(prometheus.rules, 'groups: []\n'))
  expect((await fetch(`${prometheus.url}/-/reload`, { method: 'POST' })).status).toBe(200)
  await until('rules are evaluated', async () => {
    const { data } = (await (await fetch(`${prometheus.url}/api/v1/rules`)).json()) as RulesAnswer
    const health = data.groups.flatMap(({ rules }) => rules.map((rule) => rule.health))
    return health.length === 8 && health.every((each) => each === 'ok')
  })
})

it.for(Object.keys(DASHBOARDS))('grafana/%s.json is what its code makes', async (name) => {
  const written = await readFile(new URL(`../grafana/${name}.json`, import.meta.url), 'utf8')
  expect(written).toBe(dashboardText((DASHBOARDS[name] as () => never)()))
})

interface RulesAnswer {
  readonly data: { readonly groups: readonly { readonly rules: readonly { readonly health: string }[] }[] }
}

async function startWorker() {
  const folder = await temporaryFolder()
  const child = spawn(process.execPath, [MAIN, 'stream', '--every', '500ms', '--dashboard', '127.0.0.1:0'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  ends.push(() => {
    child.kill('SIGKILL')
    return exited
  })
  const url = await new Promise<string>((resolve, reject) => {
    let seen = ''
    child.stderr.on('data', (chunk: Buffer) => {
      seen += chunk.toString()
      const found = /dashboard (http:\S+?)"/.exec(seen)?.[1]
      if (found) resolve(found)
    })
    child.once('exit', () => reject(new Error(seen)))
  })
  return {
    url,
    async poison() {
      const producer = await openProducer(`embedded:${folder}/data/stream.db`, systemRuntime)
      await producer.send(
        'pin',
        ['not JSON', '[1]', '{"index": "x"}'].map((value) => ({ value: new TextEncoder().encode(value) })),
      )
      await producer.close()
    },
  }
}

function expressionsOf(dashboard: unknown): string[] {
  return [...JSON.stringify(dashboard).matchAll(/"expr":("(?:[^"\\]|\\.)*")/g)].map(([, json]) =>
    JSON.parse(json as string),
  )
}

async function query(url: string, expression: string): Promise<number[]> {
  const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`)
  const { data, error } = (await answer.json()) as {
    readonly data?: { readonly result: readonly { readonly value: readonly [number, string] }[] }
    readonly error?: string
  }
  if (!data) throw new Error(`${expression}: ${error}`)
  return data.result.map(({ value }) => Number(value[1]))
}

/** Prometheus scrapes once a second; maintenance runs every fifteen. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const begun = performance.now()
  while (!(await isSo())) {
    if (performance.now() - begun > 60_000) throw new Error(`never came true: ${what}`)
    await systemRuntime.sleep(200)
  }
}
