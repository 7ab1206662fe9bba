import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { sharedData, temporaryFolder } from '../src/index.ts'

afterEach(() => vi.unstubAllEnvs())

it('finds reference data where MILLRACE_SHARED says, and nothing where there is none', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'data', 'golden'), { recursive: true })
  vi.stubEnv('MILLRACE_SHARED', folder)

  expect(sharedData('golden')).toBe(join(folder, 'data', 'golden'))
  expect(sharedData('silver')).toBeUndefined()
})
