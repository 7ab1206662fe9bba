import { MillraceError } from '@millrace/base'
import type { StoreFaults } from './contract.ts'

/** Makes the calls of a connection that breaks before, while or after the server does what it was asked. */
export function failingCalls(faults: StoreFaults): <T>(work: () => Promise<T>) => Promise<T> {
  let calls = 0
  const broken = () => new MillraceError('STORE_FAILED', 'the connection broke')
  return async (work) => {
    const fault = faults(calls++)
    if (fault === 'refused') throw broken()
    if (fault === 'slow') await new Promise(setImmediate)
    const working = work()
    if (fault === 'late') {
      working.catch(() => {})
      throw broken()
    }
    const answer = await working
    if (fault === 'answer lost') throw broken()
    return answer
  }
}
