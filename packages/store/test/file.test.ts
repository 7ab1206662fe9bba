import { temporaryFolder } from '@millrace/testkit'
import { test } from 'vitest'
import { fileStore } from '../src/file.ts'
import { describeStore } from './contract.ts'

describeStore(
  'a folder',
  test.extend('store', async () => fileStore(await temporaryFolder())),
)
