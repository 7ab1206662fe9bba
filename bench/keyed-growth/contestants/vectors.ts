// millrace/delta: upsert, the rows that go marked in deletion vectors
import { systemRuntime } from '@millrace/base'
import { commit } from '@millrace/delta'
import { changeOnce } from '../one-batch.ts'

await changeOnce((table) => {
  const features = { readerFeatures: ['deletionVectors'], writerFeatures: ['deletionVectors'] }
  const configuration = { ...table.metadata.configuration, 'delta.enableDeletionVectors': 'true' }
  return commit(
    table,
    {
      operation: 'SET TBLPROPERTIES',
      protocol: { minReaderVersion: 3, minWriterVersion: 7, ...features },
      metadata: { ...table.metadata, configuration },
    },
    systemRuntime,
  )
})
