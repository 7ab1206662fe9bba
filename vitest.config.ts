import { configDefaults, defineConfig } from 'vitest/config'
import { tallyReporter } from './tools/tally-reporter.ts'

// The long simulations and soaks: pnpm test with MILLRACE_FULL=1.
const withFull = process.env.MILLRACE_FULL === '1'

export default defineConfig({
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'test/**/*.test.ts',
      'tools/**/*.test.ts',
      'bench/test/*.test.ts',
      'infra/test/*.test.ts',
    ],
    exclude: [...configDefaults.exclude, ...(withFull ? [] : ['**/*.full.test.ts'])],
    // Two cores are what a small CI machine has; the servers want some of it too.
    maxWorkers: 2,
    globalSetup: './packages/testkit/src/global-setup.ts',
    reporters: ['default', tallyReporter()],
    // A guard against hanging, not a measure of anything.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
})
