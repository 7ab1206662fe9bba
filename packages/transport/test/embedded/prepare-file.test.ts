import { mkdir, readdir, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { temporaryFolder } from '@millrace/testkit'
import { describe, expect, it } from 'vitest'
import { openCatalog, openProducer, openSource } from '../../src/index.ts'

const modeOf = async (path: string) => (await stat(path)).mode & 0o777

describe('the file of the embedded store', () => {
  it('is for its owner only, with its folder and what SQLite keeps beside it', async () => {
    const folder = join(await temporaryFolder(), 'data')
    const producer = await openProducer(`embedded:${folder}/stream.db`, systemRuntime)
    await producer.send('t', [{ value: Buffer.from('{}') }])
    const files = await readdir(folder)
    expect(files.toSorted()).toEqual(['stream.db', 'stream.db-shm', 'stream.db-wal'])
    for (const file of files) expect(await modeOf(join(folder, file))).toBe(0o600)
    expect(await modeOf(folder)).toBe(0o700)
    await producer.close()
  })

  it('is not made where a symbolic link leads to', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'elsewhere'))
    await symlink(join(folder, 'elsewhere/made'), join(folder, 'stream.db'))
    const address = `embedded:${folder}/stream.db`
    const refusal = { code: 'SOURCE_ADDRESS', retry: false, message: expect.stringContaining('is a symbolic link') }
    await expect(openProducer(address, systemRuntime)).rejects.toMatchObject(refusal)
    await expect(openSource(address, systemRuntime)).rejects.toMatchObject(refusal)
    const catalog = await openCatalog(address)
    await expect(catalog.create('t', 1)).rejects.toMatchObject(refusal)
    expect(await readdir(join(folder, 'elsewhere'))).toEqual([])
  })
})
