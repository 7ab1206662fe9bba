import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { holdsSecret, redact } from '../../src/settings/addresses.ts'

const OPEN = [
  'embedded:./data/stream.db',
  'kafka://one:9092,two:9092?ssl=true&sasl=plain',
  'kafka://one:9092?username=me@example.org',
  'kinesis://eu-west-1?endpoint=http://127.0.0.1:4568',
  's3://bucket/prefix?endpoint=http://127.0.0.1:9000/x@y&pathStyle=true',
  'mysql://root@127.0.0.1:3306/pinterest',
  'file:///a:b@c',
  './lake',
  '/data/a@b',
]

describe('addresses without a secret', () => {
  test.each(OPEN)('%s is let through and printed whole', (address) => {
    expect(holdsSecret(address)).toBe(false)
    expect(redact(`could not reach ${address}.`)).toBe(`could not reach ${address}.`)
  })
})

describe('addresses with a secret', () => {
  test.each([
    'mysql://root:hunter2@db:3306/x',
    'mysql://root:hunter/2?@db/x',
    'mysql://:hunter2@db',
    'mysql://root:hunter@2@db',
    'mysql://root:hunter2:9092@db',
    'kafka://one:9092?sasl=plain&password=hunter2',
    'rest:http://me:hunter2@localhost:8082',
    's3://bucket/x?secretAccessKey=hunter2',
    'kinesis://eu-west-1?session_token=hunter2',
  ])('%s is refused, and printed without it', (address) => {
    expect(holdsSecret(address)).toBe(true)
    expect(redact(`"${address}" failed`)).not.toMatch(/hunter/)
  })

  test('no password between user and host gets through, whatever its letters', () => {
    const password = fc.stringMatching(/^[!#-&(-~]*[a-z!$*]$/).filter((text) => !/^\d+[/?#,]/.test(text))
    fc.assert(
      fc.property(password, (secret) => {
        const address = `mysql://root:${secret}@db:3306/pinterest`
        expect(holdsSecret(address)).toBe(true)
        expect(redact(`connecting to ${address} failed`)).toBe(
          'connecting to mysql://root:***@db:3306/pinterest failed',
        )
      }),
    )
  })
})
