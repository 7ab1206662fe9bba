// the progress of 10 to 1,000 partitions in one commit; may grow with them
import { systemRuntime } from '@millrace/base'
import { commit, committedOrThrow, openOrCreate } from '@millrace/delta'
import { openLake } from '@millrace/store'
import { measureGrowth } from '../growth.ts'

const FIELDS = [{ name: 'id', type: 'long', nullable: true, metadata: {} }] as const

await measureGrowth(async (size, folder) => {
  const ref = { store: await openLake(folder), path: 'table' }
  let snapshot = await openOrCreate(ref, { schema: { type: 'struct', fields: FIELDS } }, systemRuntime)
  let version = 0n
  return async () => {
    version++
    const txn = Array.from({ length: Math.ceil(size / 100) }, (_, i) => ({ appId: `worker/pin/${i}`, version }))
    snapshot = committedOrThrow(await commit(snapshot, { operation: 'STREAMING UPDATE', txn }, systemRuntime))
  }
}, 21)
