import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { openLake } from '@millrace/store'
import { temporaryFolder } from '@millrace/testkit'
import { test } from 'vitest'
import { APPENDS, expectEveryRowOnce, WRITERS } from './every-row-once.ts'

const MINUTES = 60_000

test(
  `${WRITERS} processes append to a table in a folder ${APPENDS} times each, and every row is there once`,
  async () => {
    const folder = await temporaryFolder()
    const program = new URL('programs/race.ts', import.meta.url).pathname
    const writers = Array.from({ length: WRITERS }, (_, writer) =>
      promisify(execFile)(process.execPath, [
        program,
        ...[`${folder}/lake`, 'table', `${folder}/staging`, String(writer), String(APPENDS)],
      ]),
    )
    await Promise.all(writers)
    await expectEveryRowOnce({ store: await openLake(`${folder}/lake`), path: 'table' })
  },
  5 * MINUTES,
)
