import { openDuckDB } from '@millrace/engine'
import { temporaryFolder, withServices } from '@millrace/testkit'
import { APPENDS, expectEveryRowOnce, WRITERS } from './every-row-once.ts'
import { race } from './programs/race.ts'
import { openTestLake } from './s3-lake.ts'

const MINUTES = 60_000

const itOnS3 = withServices('s3')

itOnS3(
  `${WRITERS} writers append to a table on S3 ${APPENDS} times each, and every row is there once`,
  { timeout: 5 * MINUTES },
  async ({ s3 }) => {
    const folder = await temporaryFolder()
    const store = await openTestLake(s3, { cache: { folder: `${folder}/cache` } })
    const engine = await openDuckDB({ files: 'all' })
    const table = { store, path: 'table' }
    const writers = Array.from({ length: WRITERS }, (_, writer) =>
      race(table, engine, `${folder}/staging`, writer, APPENDS),
    )
    await Promise.all(writers)
    engine.close()
    await expectEveryRowOnce(table)
  },
)
