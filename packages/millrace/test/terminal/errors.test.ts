import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort, temporaryFolder } from '@millrace/testkit'
import { expect, it } from 'vitest'
import { asMillraceError } from '../../src/terminal/errors.ts'

const failed = (work: Promise<unknown>) => work.catch((error: unknown) => error)

const connecting = async (port: number) => new Promise((resolve) => connect(port, '127.0.0.1').once('error', resolve))

const listening = async () => new Promise((resolve) => createServer().once('error', resolve).listen(1, '192.0.2.1'))

it.each([
  { what: 'a file that is not there', thrown: () => failed(readFile('/nowhere/file')), code: 'STORE_FAILED' },
  {
    what: 'a folder where a file should be',
    thrown: async () => failed(writeFile(await temporaryFolder(), '')),
    code: 'STORE_FAILED',
  },
  {
    what: 'a file where a folder should be',
    thrown: async () => {
      const file = join(await temporaryFolder(), 'file')
      await writeFile(file, '')
      return failed(readFile(join(file, 'in')))
    },
    code: 'STORE_FAILED',
  },
  { what: 'a server that is down', thrown: async () => connecting(await freePort()), code: 'SOURCE_UNREACHABLE' },
  { what: 'an address of another machine', thrown: listening, code: 'CONFIG_INVALID' },
  {
    what: 'what failed before closing failed, too,',
    thrown: async () => new SuppressedError(new Error('closing'), await failed(readFile('/dev/null/none'))),
    code: 'STORE_FAILED',
  },
  { what: 'a mistake of ours', thrown: async () => new TypeError('x is undefined'), code: 'INTERNAL' },
])('$what is $code wherever it comes up', async ({ thrown, code }) => {
  expect(asMillraceError(await thrown())).toMatchObject({ code, cause: expect.any(Error) })
})
