import { withServices } from '@millrace/testkit'
import { expect, vi } from 'vitest'
import { openClusterPlace } from './cluster-place.ts'
import { crashingAt, openPlace, seen } from './kit.ts'

const it = withServices('trino', 's3')
vi.setConfig({ testTimeout: 900_000 })

const crash = () => {
  throw new Error('crashed')
}

for (const point of ['pin uploaded', 'geo noted', 'after answers']) {
  for (const finisher of ['trino', 'duckdb'] as const) {
    it(`a run on a cluster that died at "${point}" is finished by ${finisher}, as if nothing had happened`, async ({
      trino,
      s3,
    }) => {
      const [undisturbed, place] = [await openPlace(), await openClusterPlace({ trino, s3 })]
      for (const each of [undisturbed, place]) await each.putPosts('one', [1, 2, 3, 3, 4])
      await undisturbed.run('2026-01-01')
      await expect(place.run('2026-01-01', {}, crashingAt(point, crash))).rejects.toThrow('crashed')
      if (finisher === 'trino') await place.run('2026-01-01')
      else await place.runHere('2026-01-01')
      expect(await seen(place)).toEqual(await seen(undisturbed))
    })
  }
}
