// curl --parallel, every request signed: each object's bytes to one file, and nothing else; the server's own limit
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { curlSignature } from '../../src/bucket.ts'
import { job, report } from '../../src/contestant.ts'
import { BUCKET, keysOf } from '../landing.ts'

const { output, size, services } = job()
const s3 = services.s3 ?? {}
const pathOf = (key: string) => key.split('/').map(encodeURIComponent).join('/')
const urls = keysOf(size).map((key) => `url = "${s3.endpoint}/${BUCKET}/lake/${pathOf(key)}"`)
const config = join(output, 'urls')
await writeFile(config, urls.join('\n'))
const options = ['-sSf', '--parallel', '--parallel-immediate', '--parallel-max', '64', '--config', config]
const { stdout } = await promisify(execFile)('curl', [...options, ...curlSignature(s3)], { maxBuffer: 1 << 30 })
await writeFile(join(output, 'got.jsonl'), stdout)
report({ engine: 'curl' })
