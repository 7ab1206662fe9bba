import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openWorkFolder } from '../src/index.ts'

/** No process has this number: Linux gives out at most 4,194,304. */
const DEAD = 4_999_999
const NOBODY = 65_534
const isRoot = process.getuid?.() === 0

let temp = ''

beforeEach(async () => {
  temp = await mkdtemp(join(tmpdir(), 'millrace-test-'))
  vi.stubEnv('TMPDIR', temp)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  for (const name of await readdir(temp)) await chmod(join(temp, name), 0o700).catch(() => {})
  await rm(temp, { recursive: true, force: true })
})

/** What a killed process left, with a file in it. */
async function leave(name: string): Promise<string> {
  const folder = join(temp, name)
  await mkdir(folder)
  await writeFile(join(folder, 'left'), '')
  return folder
}

describe('a work folder', () => {
  test('is for its owner only, under a name that nobody can foresee, and goes at the end', async () => {
    const [one, two] = [await openWorkFolder(), await openWorkFolder()]
    expect(one.path).not.toBe(two.path)
    expect((await stat(one.path)).mode & 0o777).toBe(0o700)
    await Promise.all([one.close(), two.close()])
    expect(await readdir(temp)).toEqual([])
  })

  test('takes away what our killed processes left', async () => {
    await leave(`millrace-work-${DEAD}-ours`)
    await leave(`millrace-work-${process.pid}-at-work`)
    const { close } = await openWorkFolder()
    await close()
    expect(await readdir(temp)).toEqual([`millrace-work-${process.pid}-at-work`])
  })

  test("is there although somebody else's folder cannot be removed, and leaves that alone", async () => {
    const foreign = await leave(`millrace-work-${DEAD}-theirs`)
    await (isRoot ? chown(foreign, NOBODY, NOBODY) : chmod(foreign, 0o500))
    const { close } = await openWorkFolder()
    await close()
    expect(await readdir(foreign)).toEqual(['left'])
  })

  test('takes no link for a folder of ours', async () => {
    const target = await leave('target')
    await symlink(target, join(temp, `millrace-work-${DEAD}-link`))
    const { close } = await openWorkFolder()
    await close()
    expect((await readdir(temp)).toSorted()).toEqual([`millrace-work-${DEAD}-link`, 'target'])
    expect(await readdir(target)).toEqual(['left'])
  })
})
