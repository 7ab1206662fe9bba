import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { apiReport } from './api-report.ts'

// pnpm --filter millrace api: writes down what the package exports.
const folder = fileURLToPath(new URL('..', import.meta.url))
const { status } = spawnSync('tsdown', ['--logLevel', 'error'], { cwd: folder, stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)
writeFileSync(new URL('../api.md', import.meta.url), apiReport(fileURLToPath(new URL('../dist', import.meta.url))))
