import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { webGuard } from '../../src/index.ts'

const HOST = 'localhost:8082'

function request(headers: readonly (readonly [string, string])[], url = '/topics', method = 'POST') {
  return {
    ...{ method, url, rawHeaders: headers.flat() },
    headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])),
  }
}

const loopback = webGuard({ host: '127.0.0.1' })
const statusOf = (...args: Parameters<typeof request>) => loopback(request(...args))?.status

describe('the name that a request is sent to', () => {
  it.each([HOST, 'LOCALHOST', '127.0.0.1:8082', '127.0.0.5', '[::1]:8082', 'app.localhost', '192.168.1.7:80'])(
    'may be %s on a loopback address',
    (host) => expect(statusOf([['Host', host]])).toBeUndefined(),
  )

  it.each(['evil.example', 'evil.example:8082', 'localhost.evil.example', 'localhost.', 'xn--lcalhost-54a'])(
    'may not be %s there',
    (host) => expect(statusOf([['Host', host]])).toBe(403),
  )

  it.each(['', 'localhost:8082@evil.example', 'localhost, evil.example', 'localhost:80:80', '[::1', 'a b', '/x'])(
    'is no host when it is %j',
    (host) => expect(statusOf([['Host', host]])).toBe(400),
  )

  it('may be there once only', () => {
    expect(
      statusOf([
        ['Host', HOST],
        ['hOST', HOST],
      ]),
    ).toBe(400)
    expect(statusOf([])).toBeUndefined()
  })

  it.each([
    ['http://localhost:8082/topics', undefined],
    ['HTTP://LOCALHOST:8082/topics', undefined],
    ['http://evil.example/topics', 400],
    ['http://localhost:8082@evil.example/topics', 400],
    ['//evil.example/topics', undefined],
    ['ftp://localhost:8082/topics', 400],
    ['localhost:8082', 400],
    ['*', undefined],
  ])('is the same in an address like %s, or it is refused', (url, status) => {
    expect(statusOf([['Host', HOST]], url)).toBe(status)
  })

  it('may be any where others can reach the server and no names are given, else one of those', () => {
    const asked = request([['Host', 'gateway.example']])
    expect(webGuard({ host: '0.0.0.0' })(asked)).toBeUndefined()
    expect(webGuard({ host: '0.0.0.0', names: ['other.example'] })(asked)).toMatchObject({ status: 403 })
    expect(webGuard({ host: '127.0.0.1', names: ['Gateway.example'] })(asked)).toBeUndefined()
  })
})

describe('a request that a page made', () => {
  it.each([
    ['http://localhost:8082', undefined],
    ['http://localhost:9999', 403],
    ['http://evil.example', 403],
    ['http://localhost:8082.evil.example', 403],
    ['http://localhost:8082/', 403],
    ['null', 403],
    ['', 403],
    ['file://', 403],
  ])('with the origin %j: %j', (origin, status) => {
    const headers = [
      ['Host', HOST],
      ['Origin', origin],
    ] as const
    expect(statusOf(headers)).toBe(status)
  })

  it.each([
    ['same-origin', undefined],
    ['none', undefined],
    ['same-site', 403],
    ['cross-site', 403],
    ['anything', 403],
  ])('with Sec-Fetch-Site: %s: %j', (site, status) => {
    const headers = [
      ['Host', HOST],
      ['Sec-Fetch-Site', site],
    ] as const
    expect(statusOf(headers)).toBe(status)
  })

  it('may be a link that somebody followed, not a form that was sent or an image', () => {
    const headers = (dest: string) =>
      [
        ['Host', HOST],
        ['Sec-Fetch-Site', 'cross-site'],
        ['Sec-Fetch-Mode', 'navigate'],
        ['Sec-Fetch-Dest', dest],
      ] as const
    expect(statusOf(headers('document'), '/docs', 'GET')).toBeUndefined()
    expect(statusOf(headers('document'), '/topics/t', 'POST')).toBe(403)
    expect(statusOf(headers('iframe'), '/docs', 'GET')).toBe(403)
  })
})

it('lets through no name but its own, whatever is written there', () => {
  fc.assert(
    fc.property(fc.oneof(fc.webAuthority(), fc.domain(), fc.string()), (host) => {
      fc.pre(!/localhost|^\[|^\d+\.\d+\.\d+\.\d+(:\d+)?$/i.test(host))
      expect(statusOf([['Host', host]])).toBeGreaterThanOrEqual(400)
    }),
  )
})
