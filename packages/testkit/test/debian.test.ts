import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../src/index.ts'
import { chromium } from '../src/services/chromium.ts'

it('unpacks both halves of Chromium where the machine has them, and apt brings no more than what is named', async () => {
  const home = await temporaryFolder()
  const unpacked: string[] = []
  await chromium.install(home, async (command) => {
    const [program, ...words] = command
    if (program === 'dpkg-deb') unpacked.push(basename(words.at(-2) ?? '', '.deb'))
    const named = words.slice(words.lastIndexOf('install') + 1)
    if (!words.includes('--download-only')) return
    const archives = join(home, 'apt/cache/archives')
    await mkdir(archives, { recursive: true })
    for (const name of named) await writeFile(join(archives, `${name}.deb`), '')
  })
  expect(unpacked.toSorted()).toEqual(['chromium', 'chromium-common'])
})
