import { test } from 'vitest'
import { memoryStore } from '../src/memory.ts'
import { describeStore } from './contract.ts'

describeStore(
  'memory',
  test.extend('store', () => memoryStore()),
)
