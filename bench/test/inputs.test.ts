import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { inputMaker } from '../src/inputs.ts'

const quiet = () => {}
const cacheFolder = () => mkdtemp(join(tmpdir(), 'bench-'))

function counting() {
  let made = 0
  const make = (folder: string) => writeFile(join(folder, 'made'), String(++made))
  return { make, content: (folder: string) => readFile(join(folder, 'made'), 'utf8') }
}

it('makes an input once for the same parameters, and another for others', async () => {
  const cache = await cacheFolder()
  const { make, content } = counting()
  const first = await inputMaker(cache, false, quiet)('pins', { count: 1 }, make)
  const again = await inputMaker(cache, false, quiet)('pins', { count: 1 }, make)
  const other = await inputMaker(cache, false, quiet)('pins', { count: 2 }, make)
  expect(again).toBe(first)
  expect(await content(first)).toBe('1')
  expect(await content(other)).toBe('2')
})

it('makes an input anew that was left half made', async () => {
  const input = inputMaker(await cacheFolder(), false, quiet)
  const { make, content } = counting()
  const failing = async (folder: string) => {
    await make(folder)
    throw new Error('out of space')
  }
  await expect(input('pins', {}, failing)).rejects.toThrow('out of space')
  expect(await content(await input('pins', {}, make))).toBe('2')
})

it('makes each input once more when asked for fresh ones', async () => {
  const cache = await cacheFolder()
  const { make, content } = counting()
  await inputMaker(cache, false, quiet)('pins', {}, make)
  const fresh = inputMaker(cache, true, quiet)
  await fresh('pins', {}, make)
  expect(await content(await fresh('pins', {}, make))).toBe('2')
})
