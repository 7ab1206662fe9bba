import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freshName, REPORT_PEAK } from '@millrace/testkit'
import { expect, type TestContext } from 'vitest'
import { ended, openWorkplace, type Workplace } from './millrace.ts'

export interface MeasuredWorkplace extends Workplace {
  readonly annotate: TestContext['annotate']
  /** Expects that the process that ended last had fewer bytes in memory all the time, and says how many it had. */
  expectPeakBelow(bytes: number, doing: string): Promise<void>
}

/** A workplace whose processes tell at their end how much memory they had at most. */
export async function openMeasuredWorkplace(
  annotate: TestContext['annotate'],
  environment: Readonly<Record<string, string>> = {},
): Promise<MeasuredWorkplace> {
  const file = join(tmpdir(), freshName('peak'))
  const place = await openWorkplace({ ...environment, NODE_OPTIONS: `--import=${REPORT_PEAK}`, PEAK_FILE: file })
  return {
    ...place,
    // Each in a process of its own: its memory is what is measured.
    run: (...args) => ended(place.start(...args)),
    annotate,
    leave: async () => void (await Promise.all([place.leave(), rm(file, { force: true })])),
    async expectPeakBelow(bytes, doing) {
      const peak = Number(await readFile(file, 'utf8'))
      await annotate(`${doing}: peak ${Math.round(peak / 1e6)} MB, bound ${Math.round(bytes / 1e6)} MB`)
      expect(peak).toBeGreaterThan(0)
      if (process.platform === 'linux') expect(peak).toBeLessThan(bytes)
    },
  }
}
