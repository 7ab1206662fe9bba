import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '@millrace/testkit'
import type { FastifyRequest } from 'fastify'
import { expect, it } from 'vitest'
import { openAccessLog } from '../../src/gateway/access-log.ts'

it('a failure is logged with its stack, and without the secret of an address that it quotes', async () => {
  const file = join(await temporaryFolder(), 'access.log')
  const log = openAccessLog(file)
  const cause = new Error('"https://me:hunter2@host/x?sig=hunter3" does not answer')
  log.failed({ id: '1', method: 'POST', url: '/topics/t?token=hunter4' } as FastifyRequest, cause)
  await expect.poll(() => readFile(file, 'utf8')).toContain('\n')
  const line = JSON.parse(await readFile(file, 'utf8'))
  expect(line).toMatchObject({
    id: '1',
    path: '/topics/t',
    err: { message: '"https://me:***@host/x?sig=***" does not answer' },
  })
  expect(line.err.stack).toMatch(/\n +at /)
  expect(JSON.stringify(line)).not.toContain('hunter')
  await log.close()
})

it.runIf(process.platform === 'linux')('lets go of its file when it is closed', async () => {
  const file = join(await temporaryFolder(), 'access.log')
  const log = openAccessLog(file)
  const isOpen = async () => {
    const open = await readdir('/proc/self/fd')
    return (await Promise.all(open.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))).includes(file)
  }
  await expect.poll(isOpen).toBe(true)
  await log.close()
  await expect.poll(isOpen).toBe(false)
})
