import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'
import { countReporter } from './tools/count-reporter.ts'

const FOLDERS = '{packages/*/test,examples/*/test,test,tools,bench/test,infra/test}'

// The long simulations and soaks: MILLRACE_FULL=1.
const full = process.env.MILLRACE_FULL === '1' ? [`${FOLDERS}/**/*.full.test.ts`] : []

export default defineConfig({
  // The package is built only for those who install it: tests read its source.
  resolve: {
    alias: [
      { find: /^millrace$/, replacement: fileURLToPath(new URL('packages/millrace/src/index.ts', import.meta.url)) },
    ],
  },
  test: {
    // Two cores are what a small CI machine has; the servers want some of it too.
    maxWorkers: 2,
    // Where the command keeps compiled code too: so its first two files, loaded before it can say so, are not compiled anew
    // by each of the hundreds of processes that tests start.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') },
    globalSetup: './packages/testkit/src/global-setup.ts',
    reporters: ['default', countReporter()],
    // A guard against hanging, not a measure of anything.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    projects: [
      {
        extends: true,
        test: {
          // Needs nothing but what pnpm installs. One process runs many files, so that packages are loaded once: a file
          // leaves nothing behind that another could see.
          name: 'local',
          include: [`${FOLDERS}/**/*.test.ts`],
          exclude: [...configDefaults.exclude, '**/*.{servers,full}.test.ts'],
          isolate: false,
          // A third waits for a disk, or for a process of its own, whenever two are at work.
          maxWorkers: 3,
        },
      },
      {
        extends: true,
        test: {
          // Needs real servers, which it installs and starts: packages/testkit/src/services.
          name: 'servers',
          include: [`${FOLDERS}/**/*.servers.test.ts`, ...full],
          // kafkajs, which tests alone use, sets a timer of "-1 minus the time" for each connection.
          execArgv: ['--disable-warning=TimeoutNegativeWarning'],
        },
      },
    ],
  },
})
