import { expect, it, onTestFinished } from 'vitest'
import { openWorkplace } from './millrace.ts'

it.each([
  ['archive:./raw', 'takes messages as they came'],
  ['cassandra://db.example/posts?primaryKey=ind', 'does not say which of several rows of a key is the newest'],
])('back-fill of %s is refused before anything is done', async (address, reason) => {
  const place = await openWorkplace({ MILLRACE_DATASETS: 'pin' })
  onTestFinished(() => place.leave())
  expect(await place.run('back-fill')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--to') })
  const refused = await place.run('back-fill', '--to', address)
  expect(refused.stderr).toContain(reason)
  expect(refused.stderr).toContain('Let the worker fill it from the source')
})
