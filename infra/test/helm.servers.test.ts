import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder, withServices } from '@millrace/testkit'
import { expect } from 'vitest'

const it = withServices('helm', 'linters')
const run = promisify(execFile)
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const CHART = path('../helm/millrace')

const render = async (helm: string, ...values: readonly string[]) => {
  const settings = values.flatMap((value) => ['--set', value])
  const { stdout } = await run(join(helm, 'helm'), ['template', 'pipeline', CHART, ...settings])
  return stdout
}

const documentOf = (manifests: string, kind: string, name: string): string =>
  manifests.split(/^---$/m).find((text) => text.includes(`\nkind: ${kind}\n`) && text.includes(`name: ${name}\n`)) ?? ''

it.for([
  ['as it stands', []],
  ['with a lake, a role and secrets', ['settings.MILLRACE_LAKE=s3://lake/tables', 'secrets={kafka-login}']],
  ['the worker alone', ['gateway.enabled=false', 'batch.enabled=false', 'monitoring.rules=false']],
] as const)('the chart is sound, and Kubernetes knows all that it makes: %s', async ([, values], { helm, linters }) => {
  await run(join(helm, 'helm'), ['lint', '--strict', CHART])
  const file = join(await temporaryFolder(), 'manifests.yaml')
  const manifests = await render(helm, ...values)
  await writeFile(file, manifests)
  const { stdout, stderr } = await run(join(linters, 'venv/bin/kubernetes-validate'), ['--strict', file])
  const kinds = new Set([...manifests.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind))
  const unknown = [...(stdout + stderr).matchAll(/schema for kind (\w+)/g)].map(([, kind]) => kind)
  // The operator of Prometheus brings these two; all else has passed.
  for (const kind of unknown) expect(['PrometheusRule', 'ServiceMonitor']).toContain(kind)
  expect((stdout + stderr).match(/passed for resource/g)?.length).toBeGreaterThanOrEqual(kinds.size - unknown.length)
  expect(kinds).not.toContain('Secret')
})

it('a worker drains, keeps its name in its group, and cannot write its root', async ({ helm }) => {
  const worker = documentOf(await render(helm), 'StatefulSet', 'pipeline-worker')
  expect(worker).toMatch(/terminationGracePeriodSeconds: 120/)
  expect(worker).toMatch(/name: MILLRACE_MEMBER\n\s+valueFrom: \{ fieldRef: \{ fieldPath: metadata\.name \} \}/)
  expect(worker).toMatch(/readOnlyRootFilesystem: true/)
  expect(worker).toMatch(/runAsNonRoot: true/)
})

it('a secret among the settings is refused', async ({ helm }) => {
  const secret = render(helm, 'settings.MILLRACE_KAFKA_PASSWORD=open')
  await expect(secret).rejects.toThrow('put it into a Secret')
})

it('the alert rules are those that are tested', async ({ helm }) => {
  const rules = await readFile(path('../prometheus/rules.yml'), 'utf8')
  expect(await readFile(join(CHART, 'rules.yml'), 'utf8')).toBe(rules)
  const made = documentOf(await render(helm), 'PrometheusRule', 'pipeline')
  for (const [, alert] of rules.matchAll(/- alert: (\w+)/g)) expect(made).toContain(`- alert: ${alert}`)
})

it('every setting that the chart, the stack and the compose file give is one that millrace knows', async () => {
  const files = ['../helm/millrace/templates/worker.yaml', '../aws/src/pipeline-stack.ts', '../compose/compose.yaml']
  const texts = await Promise.all(files.map((file) => readFile(path(file), 'utf8')))
  const given = texts.flatMap((text) => text.match(/\bMILLRACE_[A-Z_]+/g) ?? [])
  const { stdout } = await run('grep', ['-rhoE', 'MILLRACE_[A-Z_]+', path('../../docs')])
  const documented = new Set(stdout.split('\n'))
  expect(given.length).toBeGreaterThan(8)
  expect(given.filter((name) => !documented.has(name))).toEqual([])
})
