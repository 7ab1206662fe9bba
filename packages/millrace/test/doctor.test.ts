import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Finding } from '../src/doctor/finding.ts'
import { runMillrace, temporaryFolder } from './run-millrace.ts'

async function runChecks(cwd: string, ...args: string[]) {
  const { code, out, err } = await runMillrace(['doctor', '--json', ...args], { cwd })
  if (out === '') throw new Error(err)
  const findings = JSON.parse(out) as Finding[]
  return { code, findings, of: (check: string) => findings.find((finding) => finding.check === check) }
}

const FORGETFUL = [
  { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
  {
    metaData: {
      id: 'x',
      format: { provider: 'parquet', options: {} },
      schemaString: '{"type":"struct","fields":[]}',
      partitionColumns: [],
      configuration: { 'delta.setTransactionRetentionDuration': 'interval 1 day' },
    },
  },
]

describe('doctor', () => {
  test('with nothing configured finds no problem, and makes nothing', async () => {
    using folder = temporaryFolder()
    const { code, of } = await runChecks(folder.path)
    expect([code, of('lake')?.result, of('source')?.result]).toEqual([0, 'not set', 'not set'])
    expect(of('versions')?.detail).toMatch(/Millrace .*, Node .*, DuckDB v/)
    expect(readdirSync(folder.path)).toEqual([])
  })

  test('tries a lake that is not there yet, and leaves nothing behind', async () => {
    using folder = temporaryFolder()
    const { code, of } = await runChecks(folder.path, '--lake', './new/lake')
    expect([code, of('lake: atomic create')?.result]).toEqual([0, 'ok'])
    expect(readdirSync(folder.path)).toEqual([])
  })

  test('names a table that forgets progress, and what to do', async () => {
    using folder = temporaryFolder()
    const log = join(folder.path, 'lake/pin/_delta_log')
    mkdirSync(log, { recursive: true })
    writeFileSync(join(log, `${'0'.repeat(20)}.json`), FORGETFUL.map((action) => JSON.stringify(action)).join('\n'))
    const { code, of } = await runChecks(folder.path, '--lake', './lake', '--datasets', 'pin')
    expect(code).toBe(1)
    expect(of('table pin')).toMatchObject({ result: 'problem', detail: expect.stringContaining('interval 1 day') })
    expect(of('table pin')?.next).toContain('Unset that property')
  })

  test('says which topics are there and which are not, and makes none', async () => {
    using folder = temporaryFolder()
    await runMillrace(['ingest', '--count', '10', '--datasets', 'pin', '--seed', '1'], { cwd: folder.path })
    const { code, of } = await runChecks(folder.path, '--datasets', 'pin,geo')
    expect(code).toBe(1)
    expect(of('topic pin')).toMatchObject({ result: 'ok', detail: 'pin: readable, partitions: 1' })
    expect(of('topic geo')).toMatchObject({ result: 'problem', detail: 'geo has no topic geo' })
    expect((await runChecks(folder.path, '--datasets', 'pin,geo')).of('source')?.detail).toContain('1 topics')
  })

  test('a source that does not answer is a problem, and the rest is looked at all the same', async () => {
    using folder = temporaryFolder()
    const { code, of } = await runChecks(folder.path, '--source', 'kafka://127.0.0.1:1')
    expect([code, of('source')?.result, of('memory')?.result]).toEqual([1, 'problem', 'ok'])
  })

  test('for people it is a line each, in columns', async () => {
    using folder = temporaryFolder()
    const { out } = await runMillrace(['doctor', '--source', 'kafka://127.0.0.1:1'], { cwd: folder.path })
    expect(out).toMatch(/^ok {7}configuration {2}valid/m)
    expect(out).toMatch(/^problem {2}source.*\n +next: Check that the broker is up/m)
  })
})
