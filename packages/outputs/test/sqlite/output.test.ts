import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemRuntime } from '@millrace/base'
import { memoryStore } from '@millrace/store'
import { userRecord } from '../batches.ts'
import { describeOutput } from '../contract.ts'
import { openSqlite } from './output.ts'

// The output of docs/write-an-output.md, as somebody new wrote it.
describeOutput('sqlite', { storeCanFail: false }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-sqlite-'))
  const path = join(folder, 'rows.db')
  const open = openSqlite(path)
  return {
    message: userRecord,
    open: ({ faults: _, ...context }) =>
      open({ ...context, address: 'sqlite', table: 'user', store: memoryStore(new Map(), systemRuntime) }),
    async visible() {
      const database = new DatabaseSync(path)
      try {
        return database
          .prepare('SELECT ind FROM user ORDER BY ind')
          .all()
          .map(({ ind }) => Number(ind))
      } finally {
        database.close()
      }
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
})
