import { expect, it } from 'vitest'
import { openLake } from '../src/index.ts'

it.runIf(process.platform === 'linux').each(['/proc', '/proc/self/lake', 'file:///proc/1', '/sys/kernel/lake'])(
  'a lake at %s, which the kernel makes up, is refused before anything is looked for in it',
  async (address) => {
    await expect(openLake(address)).rejects.toMatchObject({ code: 'LAKE_ADDRESS' })
  },
)
