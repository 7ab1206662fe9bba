import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder } from '@millrace/testkit'
import { expect, it } from 'vitest'

const ASK = fileURLToPath(new URL('./programs/ask.ts', import.meta.url))

it('a question that needs much memory is answered within little of it, by way of the disk', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [ASK, await temporaryFolder()])
  const { rows, failed, grownBytes } = JSON.parse(stdout)
  expect(failed).toBeUndefined()
  expect(rows).toHaveLength(10)
  expect(grownBytes).toBeLessThan(160e6)
})
