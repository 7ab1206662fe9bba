import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type TestAPI, test } from 'vitest'

const BESIDE_THE_REPOSITORY = fileURLToPath(new URL('../../../../shared', import.meta.url))

/** Where this reference data lies, if it does: $MILLRACE_SHARED, else ../shared beside the repository. */
export function sharedData(name: string): string | undefined {
  const path = join(process.env.MILLRACE_SHARED ?? BESIDE_THE_REPOSITORY, 'data', name)
  return existsSync(path) ? path : undefined
}

/** A `test` whose context holds the path of this reference data; skipped, by name, where there is none. */
export function withSharedData(name: string): TestAPI<{ sharedData: string }> {
  const why = `needs the reference data ${name}: not at $MILLRACE_SHARED, nor in ../shared`
  return test.extend<{ sharedData: string }>({
    sharedData: [async ({ skip }, use) => use(sharedData(name) ?? skip(why)), { auto: true }],
  })
}
