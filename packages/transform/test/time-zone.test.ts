import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const CHILD = fileURLToPath(new URL('./programs/time-zone.ts', import.meta.url))

/** Far east, far west, half an hour off, and one that skips an hour in spring. */
const ZONES = ['UTC', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Asia/Kolkata', 'Europe/Berlin']

test('moments are the same whatever zone the machine is in', async () => {
  const answers = await Promise.all(
    ZONES.map(async (TZ) => {
      const { stdout } = await promisify(execFile)(process.execPath, [CHILD], { env: { ...process.env, TZ } })
      return JSON.parse(stdout)
    }),
  )
  for (const [i, { offset, micros }] of answers.entries()) {
    expect({ zone: ZONES[i], micros }).toEqual({
      zone: ZONES[i],
      micros: ['1616898600000000', '1616898600000000', '1616898600000000', '1616893200000000'],
    })
    expect(offset === 0).toBe(ZONES[i] === 'UTC')
  }
})
