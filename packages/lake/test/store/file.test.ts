import { temporaryFolder } from '@millrace/test'
import { test } from 'vitest'
import { fileStore } from '../../src/store/file.ts'
import { describeStore } from './contract.ts'

describeStore(
  'a folder',
  test.extend('store', async () => fileStore(await temporaryFolder())),
)
