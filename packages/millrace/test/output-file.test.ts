import { chmod, chown, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { temporaryFolder } from '@millrace/testkit'
import { describe, expect, test } from 'vitest'
import { withOutputFile } from '../src/output-file.ts'
import { runMillrace } from './run-millrace.ts'

const NOBODY = 65_534
const modeOf = async (path: string) => (await stat(path)).mode & 0o777
const write = (file: string) => withOutputFile(file, (sink) => sink('new'))

describe('a file that we write', () => {
  test('is for its owner only, and nothing lies beside it afterwards', async () => {
    const folder = await temporaryFolder()
    await write(join(folder, 'out.csv'))
    expect(await readFile(join(folder, 'out.csv'), 'utf8')).toBe('new')
    expect(await modeOf(join(folder, 'out.csv'))).toBe(0o600)
    expect(await readdir(folder)).toEqual(['out.csv'])
  })

  test('takes away what a killed process of ours left beside it', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, '.millrace-4999999-left'))
    await mkdir(join(folder, `.millrace-${process.pid}-under-way`))
    await write(join(folder, 'out.csv'))
    expect((await readdir(folder)).toSorted()).toEqual([`.millrace-${process.pid}-under-way`, 'out.csv'])
  })

  test('keeps the mode that its owner gave to the one before', async () => {
    const file = join(await temporaryFolder(), 'out.csv')
    await writeFile(file, 'old')
    await chmod(file, 0o644)
    await write(file)
    expect([await readFile(file, 'utf8'), await modeOf(file)]).toEqual(['new', 0o644])
  })

  test.runIf(process.getuid?.() === 0)('takes no mode from a file that somebody else has put there', async () => {
    const file = join(await temporaryFolder(), 'out.csv')
    await writeFile(file, 'planted')
    await chmod(file, 0o666)
    await chown(file, NOBODY, NOBODY)
    await write(file)
    expect([await readFile(file, 'utf8'), await modeOf(file)]).toEqual(['new', 0o600])
  })

  test('leaves what was there when it fails', async () => {
    const folder = await temporaryFolder()
    const file = join(folder, 'out.csv')
    await writeFile(file, 'old')
    await expect(withOutputFile(file, () => Promise.reject(new Error('half-way')))).rejects.toThrow('half-way')
    expect([await readFile(file, 'utf8'), await readdir(folder)]).toEqual(['old', ['out.csv']])
  })
})

describe('no place for a file', () => {
  test.each([
    ['a link', 'link', 'is a symbolic link'],
    ['a link that leads nowhere', 'dangling', 'is a symbolic link'],
    ['a folder', 'there', 'is no file'],
    ['a folder that is not there', 'nowhere/out.csv', 'is not there'],
    ['a device', '/dev/null', 'is no file'],
  ])('is %s', async (_, name, says) => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'there'))
    await writeFile(join(folder, 'victim'), 'precious')
    await symlink(join(folder, 'victim'), join(folder, 'link'))
    await symlink(join(folder, 'not-there'), join(folder, 'dangling'))
    const before = await readdir(folder)
    await expect(write(resolve(folder, name))).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(says),
    })
    expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('precious')
    expect(await readdir(folder)).toEqual(before)
  })
})

test.each([
  ['csv', ['sql', 'select 1 as one', '-o']],
  ['parquet', ['sql', 'select 1 as one', '-o']],
  ['duckdb', ['sql', '--export']],
])('millrace sql into .%s is for its owner only, and follows no link', async (ending, args) => {
  const folder = await temporaryFolder()
  const run = (file: string) => runMillrace([...args, join(folder, file), '--lake', join(folder, 'lake')])
  await symlink(join(folder, 'not-there'), join(folder, `link.${ending}`))
  const [link, out] = await Promise.all([run(`link.${ending}`), run(`out.${ending}`)])
  expect(link).toMatchObject({ code: 2, err: expect.stringContaining('link.') })
  expect(out.code).toBe(0)
  expect(await modeOf(join(folder, `out.${ending}`))).toBe(0o600)
  expect((await readdir(folder)).toSorted()).toEqual([`link.${ending}`, `out.${ending}`])
})

describe('an access log', () => {
  const start = (folder: string, file: string) =>
    runMillrace(['gateway', '--listen', '127.0.0.1:0', '--access-log', file, '--to', 'embedded:s.db'], { cwd: folder })

  test.each(['victim', 'not-there'])('is not written through a link to %s', async (target) => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'victim'), 'precious')
    await symlink(join(folder, target), join(folder, 'access.log'))
    const { code, err } = await start(folder, join(folder, 'access.log'))
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('access.log is a symbolic link') })
    expect(await readdir(folder)).not.toContain('not-there')
  })
})

test('an ending that no format has is refused, not filled with a table of text', async () => {
  const folder = await temporaryFolder()
  const file = join(folder, 'out.xlsx')
  const { code, err } = await runMillrace(['sql', 'SELECT 1', '--lake', folder, '-o', file])
  expect({ code, err }).toMatchObject({ code: 2, err: expect.stringMatching(/\.xlsx[\s\S]*\.csv/) })
  expect(await readdir(folder)).toEqual([])
})
