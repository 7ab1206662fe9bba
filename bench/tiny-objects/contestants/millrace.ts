// millrace batch: lists, reads, cleans, counts and refuses, writes a Delta table and the plan that survives a kill
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { job, MILLRACE, report } from '../../src/contestant.ts'
import { BUCKET } from '../landing.ts'

const { output, services } = job()
const { endpoint = '', region = '', accessKeyId = '', secretAccessKey = '' } = services.s3 ?? {}
const raw = `s3://${BUCKET}/lake/landing?endpoint=${encodeURIComponent(endpoint)}&region=${region}`
const places = ['--raw', raw, '--lake', join(output, 'lake'), '--out', join(output, 'out')]
const env = { ...process.env, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
await promisify(execFile)(
  process.execPath,
  [MILLRACE, 'batch', '--date', '2026-01-31', '--datasets', 'pin', ...places],
  {
    env,
  },
)
report({})
