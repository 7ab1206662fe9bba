import { writeFile } from 'node:fs/promises'
import { DASHBOARDS, dashboardText } from './dashboards.ts'

// pnpm --filter @millrace/infra dashboards: writes the files that Grafana imports.
for (const [name, make] of Object.entries(DASHBOARDS)) {
  await writeFile(new URL(`${name}.json`, import.meta.url), dashboardText(make()))
}
