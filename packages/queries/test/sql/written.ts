import { temporaryFolder } from '@millrace/testkit'
import { afterAll, beforeAll } from 'vitest'
import { FORMATS, openSql, type SqlSession } from '../../src/index.ts'

/** Opens a session for a test file. Returns a function that gives the result of some SQL in a format. */
export function openWritten(): (format: keyof typeof FORMATS, sql: string) => Promise<Buffer> {
  let session: SqlSession
  beforeAll(async () => {
    session = await openSql(await temporaryFolder(afterAll))
  })
  afterAll(() => session[Symbol.asyncDispose]())
  return async (format, sql) => {
    const parts: Buffer[] = []
    await session.run(sql, (result) => FORMATS[format](result, async (part) => void parts.push(Buffer.from(part))))
    return Buffer.concat(parts)
  }
}
