import { execFile } from 'node:child_process'
import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder, withServices } from '@millrace/testkit'
import { expect } from 'vitest'

const it = withServices('airflow')
const run = promisify(execFile)

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const DAGS = path('../airflow')
const MAIN = path('../../packages/millrace/src/main.ts')

/** Airflow with a database of its own, and a machine on which `millrace` is a command. */
async function openAirflow(home: string) {
  const folder = await temporaryFolder()
  await copyFile(join(home, 'airflow', 'airflow.db'), join(folder, 'airflow.db'))
  const command = join(folder, 'millrace')
  await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`)
  await chmod(command, 0o755)
  const env = {
    ...process.env,
    AIRFLOW_HOME: folder,
    AIRFLOW__CORE__DAGS_FOLDER: DAGS,
    AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
    AIRFLOW__MILLRACE__COMMAND: command,
    AIRFLOW__MILLRACE__FOLDER: folder,
    PYTHONDONTWRITEBYTECODE: '1',
    PATH: `${join(home, 'venv/bin')}:${process.env.PATH}`,
  }
  return {
    folder,
    millrace: (...args: string[]) => run(command, args, { cwd: folder }),
    airflow: (...args: string[]) => run('airflow', args, { env, cwd: folder }),
    async facts(settings: Readonly<Record<string, string>> = {}) {
      const { stdout } = await run('python', [path('programs/dag_facts.py'), DAGS], { env: { ...env, ...settings } })
      return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as unknown
    },
  }
}

it('Airflow makes the run of a date by the DAG, and proves the tables', async ({ airflow: home }) => {
  const place = await openAirflow(home)
  await place.millrace('ingest', '--count', '300')
  await place.millrace('stream', '--until-caught-up')
  await place.airflow('dags', 'test', 'millrace_daily', '2026-01-02')
  const { stdout } = await place.millrace('runs', '--json')
  expect(JSON.parse(stdout)).toMatchObject([{ date: '2026-01-02' }])
  expect(await readFile(join(place.folder, 'reports/2026-01-02/report.html'), 'utf8')).toContain('<html')
})

it('the DAG is daily, makes up for no day, and tries once more after two minutes', async ({ airflow: home }) => {
  const place = await openAirflow(home)
  const again = { retries: 1, retryDelay: 120 }
  const date = "'{{ (dag_run.logical_date or dag_run.run_after) | ds }}'"
  const command = join(place.folder, 'millrace')
  const batch = {
    command: `exec ${command} batch --date ${date} --raw s3://raw/topics`,
    downstream: ['verify'],
    ...again,
  }
  expect(await place.facts({ AIRFLOW__MILLRACE__RAW: 's3://raw/topics' })).toMatchObject({
    errors: {},
    dags: {
      millrace_daily: {
        schedule: '@daily',
        catchup: false,
        maxActiveRuns: 1,
        tasks: { batch, verify: { command: `exec ${command} verify`, downstream: [], ...again } },
      },
    },
  })
})

it('with a cluster, the same steps are tasks on Amazon ECS', async ({ airflow: home }) => {
  const place = await openAirflow(home)
  const facts = await place.facts({
    AIRFLOW__MILLRACE__ECS_CLUSTER: 'pipeline',
    AIRFLOW__MILLRACE__ECS_TASK_DEFINITION: 'millrace-batch',
    AIRFLOW__MILLRACE__ECS_SUBNETS: 'subnet-1,subnet-2',
    AIRFLOW__MILLRACE__ECS_SECURITY_GROUPS: 'sg-1',
  })
  const onEcs = (...command: unknown[]) => ({
    type: 'EcsRunTaskOperator',
    retries: 1,
    retryDelay: 120,
    overrides: { containerOverrides: [{ name: 'millrace', command }] },
  })
  const date = '{{ (dag_run.logical_date or dag_run.run_after) | ds }}'
  expect(facts).toMatchObject({
    errors: {},
    dags: { millrace_daily: { tasks: { batch: onEcs('batch', '--date', date), verify: onEcs('verify') } } },
  })
})
