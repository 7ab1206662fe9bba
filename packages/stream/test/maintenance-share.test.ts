import { type Runtime, systemRuntime } from '@millrace/base'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type MaintenanceShare, shareMaintenance } from '../src/maintenance/share.ts'
import { type Kit, openKit } from './kit.ts'

let kit: Kit
const shares: MaintenanceShare[] = []
beforeEach(async () => {
  kit = await openKit()
})
afterEach(async () => {
  await Promise.all(shares.splice(0).map((share) => share.close()))
  await kit.close()
})

/** A minute in a fifth of a second. */
const fast: Runtime = {
  ...systemRuntime,
  monotonic: () => systemRuntime.monotonic() * 300,
  sleep: (milliseconds, signal) => systemRuntime.sleep(milliseconds / 300, signal),
}
const EVENTUALLY = { timeout: 30_000, interval: 20 }
const TABLES = ['geo', 'geo_quarantine', 'pin', 'pin_quarantine']

async function join(tables = TABLES): Promise<MaintenanceShare> {
  const share = await shareMaintenance(kit.store, tables, fast)
  shares.push(share)
  return share
}
const of = (share: MaintenanceShare) => TABLES.filter((table) => share.mine(table))

it('a lone worker looks after all of its tables', async () => {
  const alone = await join()
  await vi.waitFor(() => expect(of(alone)).toEqual(TABLES), EVENTUALLY)
})

it('of several workers each table has one; who leaves hands its tables on', async () => {
  const first = await join()
  await vi.waitFor(() => expect(of(first)).toEqual(TABLES), EVENTUALLY)
  const second = await join()
  const both = () => [...of(first), ...of(second)].sort()
  await vi.waitFor(() => {
    expect(of(second).length).toBeGreaterThan(0)
    expect(both()).toEqual(TABLES)
  }, EVENTUALLY)
  await first.close()
  await vi.waitFor(() => expect(of(second)).toEqual(TABLES), EVENTUALLY)
})

it('nobody gets a table that its worker does not read', async () => {
  const [pins, geos] = [await join(['pin', 'pin_quarantine']), await join(['geo', 'geo_quarantine'])]
  await vi.waitFor(() => {
    expect(of(pins)).toEqual(['pin', 'pin_quarantine'])
    expect(of(geos)).toEqual(['geo', 'geo_quarantine'])
  }, EVENTUALLY)
})
