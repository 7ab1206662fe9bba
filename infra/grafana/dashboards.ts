import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { tableDashboard } from './tables.ts'
import { workerDashboard } from './worker.ts'

/** Every dashboard by the name of its file. */
export const DASHBOARDS: Readonly<Record<string, () => Dashboard>> = {
  worker: workerDashboard,
  tables: tableDashboard,
}

export function dashboardText(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, undefined, 2)}\n`
}
