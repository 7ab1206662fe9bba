import { systemRuntime } from '@millrace/base'
import { expect } from 'vitest'
import { probeStore } from '../src/probe.ts'
import type { ObjectStore } from '../src/store.ts'

export const CHECKS = ['read and write', 'absent objects', 'atomic create', 'listing', 'clock', 'delete']

export async function expectAllWell(store: ObjectStore): Promise<void> {
  const findings = await probeStore(store, systemRuntime)

  expect(findings.map(({ check }) => check)).toEqual(CHECKS)
  expect(findings.filter(({ ok }) => !ok)).toEqual([])
  expect(await Array.fromAsync(store.keys(''))).toEqual([])
}
