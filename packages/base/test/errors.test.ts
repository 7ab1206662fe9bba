import { expect, it } from 'vitest'
import { ERROR_CODES, MillraceError } from '../src/index.ts'

it('every code says what to do next and how a command ends', () => {
  for (const code of ERROR_CODES) {
    const error = new MillraceError(code, 'something happened')
    expect(error.next).toMatch(/^[A-Z`].*[.:]$/)
    expect([1, 2, 3]).toContain(error.exitCode)
  }
})

it('an error can advise better than its code, and keeps its cause', () => {
  const cause = new Error('disk')
  const error = new MillraceError('STORE_FAILED', 'no space', { next: 'Make room.', cause })
  expect(error).toMatchObject({ code: 'STORE_FAILED', next: 'Make room.', retry: true, cause })
})
