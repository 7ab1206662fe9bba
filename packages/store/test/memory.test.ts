import { test } from 'vitest'
import { memoryStore } from '../src/index.ts'
import { describeStore } from './contract.ts'

describeStore(
  'memory',
  test.extend('store', () => memoryStore()),
)
