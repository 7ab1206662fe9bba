import { systemRuntime } from '@millrace/base'
import { expect } from 'vitest'
import { type ObjectStore, probeStore } from '../src/index.ts'

export const CHECKS = ['read and write', 'absent objects', 'atomic create', 'listing', 'clock', 'delete']

export async function expectAllWell(store: ObjectStore): Promise<void> {
  const findings = await probeStore(store, systemRuntime)

  expect(findings.map(({ check }) => check)).toEqual(CHECKS)
  expect(findings.filter(({ ok }) => !ok)).toEqual([])
  expect(await Array.fromAsync(store.keys(''))).toEqual([])
}
