import { beforeAll, inject, type TestAPI, type TestContext, test } from 'vitest'
import { startedServer } from './services/client.ts'
import type { AddressOf, ServerName } from './services/list.ts'
import type { Answer } from './services/server.ts'

/** A first start may install: that can mean compiling, and fetching hundreds of megabytes. */
const START_WITHIN_MS = 1_200_000

type Addresses<Name extends ServerName> = { [Key in Name]: AddressOf<Key> }

/**
 * A `test` whose context holds the addresses of these servers. They start when the first test of the whole run
 * wants them and are shared by all: name topics and buckets with freshName. A server that this machine cannot
 * have skips the test and says why.
 */
export function withServices<Name extends ServerName>(...names: readonly Name[]): TestAPI<Addresses<Name>> {
  const answers = new Map<ServerName, Answer>()
  beforeAll(async () => {
    const socketPath = inject('supervisor')
    await Promise.all(names.map(async (name) => answers.set(name, await startedServer(socketPath, name))))
  }, START_WITHIN_MS)
  const fixtures = names.map((name) => {
    const fixture: Fixture = async ({ skip }, use) => use(addressOrSkip(name, answers.get(name), skip))
    return [name, [fixture, { auto: true }]]
  })
  return test.extend(Object.fromEntries(fixtures)) as unknown as TestAPI<Addresses<Name>>
}

type Fixture = (context: TestContext, use: (address: unknown) => Promise<void>) => Promise<void>

function addressOrSkip(name: ServerName, answer: Answer | undefined, skip: TestContext['skip']): unknown {
  if (answer === undefined) throw new Error(`nobody answered for ${name}`)
  if ('address' in answer) return answer.address
  if ('failed' in answer) throw new Error(answer.failed)
  const why = `needs ${name}: ${answer.unavailable}`
  if (process.env.MILLRACE_REQUIRE_SERVICES === '1') throw new Error(why)
  return skip(why)
}
