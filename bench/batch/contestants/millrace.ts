// millrace batch: every record accounted for, Delta tables with statistics, a plan that survives a kill, answers in four formats
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { job, MILLRACE, report } from '../../src/contestant.ts'

const { input, output } = job()
const [lake, out] = [join(output, 'lake'), join(output, 'out')]
const options = ['--date', '2026-01-31', '--raw', input, '--lake', lake, '--out', out, '--json']
const child = spawn(process.execPath, [MILLRACE, 'batch', ...options], {
  cwd: output,
  stdio: ['ignore', 'pipe', 'inherit'],
})
let said = ''
child.stdout.on('data', (text) => {
  said += text
})
const [exitCode] = await once(child, 'close')
if (exitCode !== 0) throw new Error(`millrace batch ended with ${exitCode}`)
await rename(join(lake, 'batch'), join(output, 'tables'))
await rename(join(out, '2026-01-31'), join(output, 'answers'))
const { steps } = JSON.parse(said) as { steps: { step: string; seconds: number }[] }
report({ figures: Object.fromEntries(steps.map(({ step, seconds }) => [`${step} s`, seconds])) })
