import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { holdsSecret, redact } from '../src/index.ts'

const OPEN = [
  'embedded:./data/stream.db',
  'kafka://one:9092,two:9092?ssl=true&sasl=plain',
  'kafka://one:9092?username=me@example.org',
  'kinesis://eu-west-1?endpoint=http://127.0.0.1:4568',
  's3://bucket/prefix?endpoint=http://127.0.0.1:9000/x@y&pathStyle=true',
  'mysql://root@127.0.0.1:3306/pinterest',
  's3://bucket/prefix?endpoint=http%3A%2F%2F127.0.0.1%3A9000&pathStyle=true',
  'http://me@trino:8080/lake',
  'kafka://one:9092?keyspace=k&design=x&keyFile=keys.txt',
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
    'rest:https://host/x?apikey=hunter2',
    'rest:https://host/x?api_key=hunter2&a=b',
    'rest:https://host/x?x-api-key=hunter2',
    'rest:https://host/x?key=hunter2',
    'api:https://host/x?a=b&sig=hunter2&c=d',
    'rest:https://host/x?X-Amz-Signature=hunter2',
    'rest:https://host/x?%61pikey=hunter2',
    'rest:https://host/x#access_token=hunter2',
    'rest:https://hunter2@host/x',
    'kafka://hunter2@one:9092',
    's3://hunter2@bucket/x',
    'mysql://root:hunter%32@db/x?hunter2:@',
    'mysql://root%3Ahunter2@db/x',
    'mysql://root:hunter2%40db/x',
    's3://b/x?endpoint=https%3A%2F%2Fme%3Ahunter2%40host',
    's3://b/x?endpoint=https%253A%252F%252Fme%253Ahunter2%2540host',
    's3://b/x?endpoint=https%3A%2F%2Fhost%3Fapikey%3Dhunter2',
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

test('JSON that quotes an address stays JSON', () => {
  const secret = fc.stringMatching(/^[a-z0-9]+$/)
  fc.assert(
    fc.property(secret, fc.constantFrom('"', "'", '\n', '\t', ' '), (word, quote) => {
      const said = { message: `${quote}https://me:x${word}@host/y?sig=x${word}${quote} is not there` }
      const message = `${quote}https://me:***@host/y?sig=***${quote} is not there`
      expect(JSON.parse(redact(JSON.stringify(said)))).toEqual({ message })
    }),
  )
})

test.each(['://a:', 'a', 'kafka://', '?a', '?a=?', 'x%3a%2f%2f', '%25'])(
  'a megabyte of %j is soon looked through',
  (part) => {
    const text = part.repeat((1 << 20) / part.length)
    expect(redact(text).length).toBeGreaterThan(1000)
  },
)
