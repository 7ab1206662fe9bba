import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const CHILD = fileURLToPath(new URL('./programs/memory.ts', import.meta.url))
const BLOCKS = 20
const ALLOWED = 256 << 20

test('cleaning needs at most 256 MiB more than was held before, however much it cleans', {
  timeout: 120_000,
}, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, String(BLOCKS)])
  const { before, most, bytes } = JSON.parse(stdout)
  expect(bytes).toBeGreaterThan(1.5 * ALLOWED)
  expect(most - before).toBeLessThan(ALLOWED)
})
