import { join } from 'node:path'
import { makeVenv } from './python.ts'
import type { Installation } from './server.ts'
import { missingTool } from './toolchain.ts'

const REQUIREMENTS = ['apache-airflow==3.3.2', 'apache-airflow-providers-amazon==9.39.0']

/** Airflow's commands in `<home>/venv/bin`; `<home>/airflow/airflow.db` is an empty database, to be copied. */
export const airflow: Installation = {
  pins: REQUIREMENTS.join('\n'),
  missing: () => missingTool('python3'),
  install: async (home, run) => {
    await makeVenv(home, REQUIREMENTS, run)
    await run([join(home, 'venv/bin/airflow'), 'db', 'migrate'], { AIRFLOW_HOME: join(home, 'airflow') })
  },
}
