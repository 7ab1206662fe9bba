import { systemRuntime } from '@millrace/base'
import { freePort, PINTEREST } from '@millrace/testkit'
import { expect, it } from 'vitest'
import { ingest } from '../../src/index.ts'
import { type Answer, httpServer } from './http-server.ts'

/** Pauses take no time. */
const runtime = { ...systemRuntime, sleep: async () => {} }

const answering = (answer: Answer) => async () => (await httpServer(() => answer)).url

const ROWS = [
  {
    name: 'a port where nobody listens',
    url: async () => `http://127.0.0.1:${await freePort()}`,
    expected: { code: 'SOURCE_UNREACHABLE', message: /ECONNREFUSED/, next: /server is up/ },
  },
  {
    name: 'a name that no server has',
    url: async () => 'http://nosuch.invalid',
    expected: { code: 'SOURCE_UNREACHABLE', message: /nosuch\.invalid/, next: /name of the host/ },
  },
  {
    name: 'a server without TLS',
    url: async () => (await answering({})()).replace('http:', 'https:'),
    expected: { code: 'SOURCE_UNREACHABLE', message: /does not answer/, next: /begin the address with http:/ },
  },
  {
    name: 'a server of something else',
    url: answering({ body: '<html>hello</html>' }),
    expected: { code: 'SOURCE_UNSUPPORTED', message: /does not answer as/, next: /stands before/ },
  },
  {
    name: 'no key where one is wanted',
    url: answering({ status: 401 }),
    expected: { code: 'SOURCE_DENIED', message: /answered 401/, next: /MILLRACE_GATEWAY_KEY/ },
  },
  {
    name: 'a topic that is not there',
    url: answering({ status: 404 }),
    expected: { code: 'TOPIC_MISSING', message: /answered 404/, next: /Make the topic/ },
  },
  {
    name: 'a record that the server refuses',
    url: answering({ status: 422 }),
    expected: { code: 'RECORD_INVALID', message: /answered 422/, next: /record/ },
  },
]

it.each(ROWS.flatMap((row) => ['rest', 'api'].map((dialect) => ({ ...row, dialect }))))(
  '$dialect: $name is $expected.code and says what to do',
  async ({ dialect, url, expected }) => {
    const to = `${dialect}:${await url()}`
    const from = { from: 'generator', datasetFolders: [PINTEREST.datasets], datasets: ['pin'] }
    const sent = ingest({ ...from, to, mode: 'all', seed: 1, count: 1 }, runtime, new AbortController().signal)
    await expect(sent).rejects.toMatchObject({
      code: expected.code,
      message: expect.stringMatching(expected.message),
      next: expect.stringMatching(expected.next),
    })
  },
)
