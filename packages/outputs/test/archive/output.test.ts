import { systemRuntime } from '@millrace/base'
import { memoryStore, openLake } from '@millrace/store'
import { temporaryFolder } from '@millrace/testkit'
import { describeOutput } from '../contract.ts'
import { archiveOn } from './archive.ts'

describeOutput('archive, in a store that fails', { storeCanFail: true }, async () =>
  archiveOn(memoryStore(new Map(), systemRuntime), 'none', async () => {}),
)

describeOutput('archive, in a folder', { storeCanFail: true }, async () =>
  archiveOn(await openLake(await temporaryFolder()), 'gzip', async () => {}),
)
