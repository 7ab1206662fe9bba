import { startVitest } from 'vitest/node'

// A test run by the workspace's own settings, of the one file named: for tests that watch a run, or kill it.
const [, , file = ''] = process.argv
const include = ['packages/testkit/test/nested/*.nested.ts']
const vitest = await startVitest('test', [file], {
  watch: false,
  projects: [{ extends: true, test: { name: 'nested', include } }],
})
await vitest.exit()
