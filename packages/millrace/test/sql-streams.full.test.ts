import { once } from 'node:events'
import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runSql } from '@millrace/queries'
import { RecordBatchReader } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { startMillrace, temporaryFolder } from './run-millrace.ts'

const ROWS = 10_000_000
const SQL = `select range as id, 'text ' || range as name, (range % 97) / 4 as share,
  epoch_ms(range * 1000)::timestamp at time zone 'UTC' as moment from range(${ROWS})`

/** Ten million rows as objects would be several times this; as CSV they are 460 MB. */
const MOST_BYTES = 512 << 20

/** The most memory that a process ever had, while it is there. */
function peakOf(pid: number): number {
  const status = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : ''
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024
}

async function writtenBy(file: string, cwd: string): Promise<number> {
  const child = startMillrace(['sql', SQL, '-o', file], { cwd })
  const ended = once(child, 'exit')
  let peak = 0
  while (child.exitCode === null) {
    peak = Math.max(peak, peakOf(Number(child.pid)))
    await Promise.race([ended, sleep(100)])
  }
  expect(child.exitCode).toBe(0)
  return peak
}

describe.skipIf(process.platform !== 'linux')('ten million rows in bounded memory', () => {
  it.each(['csv', 'parquet'])('as %s', { timeout: 1_800_000 }, async (format) => {
    using folder = temporaryFolder()
    const file = join(folder.path, `rows.${format}`)
    expect(await writtenBy(file, folder.path)).toBeLessThan(MOST_BYTES)
    const { rows } = await runSql(folder.path, `select count(*), sum(id)::bigint, max(moment) from '${file}'`)
    expect(rows).toEqual([[ROWS, (ROWS * (ROWS - 1)) / 2, '1970-04-26T17:46:39Z']])
  })

  it('as Arrow', { timeout: 1_800_000 }, async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'rows.arrow')
    expect(await writtenBy(file, folder.path)).toBeLessThan(MOST_BYTES)
    let [rows, sum] = [0, 0n]
    for await (const batch of await RecordBatchReader.from(createReadStream(file))) {
      rows += batch.numRows
      for (const id of batch.getChild('id')?.toArray() ?? []) sum += id
    }
    expect({ rows, sum }).toEqual({ rows: ROWS, sum: (BigInt(ROWS) * BigInt(ROWS - 1)) / 2n })
  })
})
