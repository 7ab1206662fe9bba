import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { systemRuntime } from '@millrace/base'
import { expect, test } from 'vitest'
import { superviseWorker } from '../../src/reporting/supervise.ts'
import { resolveSettings } from '../../src/settings/resolve.ts'
import { createTerminal } from '../../src/terminal/terminal.ts'
import { runMillrace } from '../run-millrace.ts'

test('neither the log nor the dashboard shows a secret that a failure quotes', async () => {
  const flags = { dashboard: '127.0.0.1:0' }
  const settings = await resolveSettings({ flags, environment: {}, configFile: undefined })
  const stderr = new PassThrough()
  const io = {
    ...createTerminal({ stdout: new PassThrough(), stderr }, () => {}),
    signal: new AbortController().signal,
    commands: [],
  }
  const { onEvent, close } = await superviseWorker(settings, false, io, systemRuntime)
  const secret = 'https://me:hunter2@host/x?sig=hunter3 is not there'
  onEvent({ what: 'started', datasets: [{ dataset: 'pin', table: 'pin', topics: ['pin'] }], mostBytesHeld: 1 })
  onEvent({
    what: 'maintenance',
    maintenance: { table: 'pin', task: 'vacuum', outcome: 'failed', ms: 1, error: new Error(secret) },
  })
  onEvent({ dataset: 'pin', what: 'waits', code: 'STORE_FAILED', message: secret })
  const [, url = ''] = /dashboard (http\S+?)["\s]/.exec(String(stderr.read())) ?? []
  const shown = await Promise.all(
    ['', 'metrics', 'readyz', 'state'].map((path) => fetch(`${url}/${path}`).then((it) => it.text())),
  )
  const stream = await fetch(`${url}/events`)
  const reader = stream.body?.getReader()
  const first = Buffer.from((await reader?.read())?.value ?? []).toString()
  await reader?.cancel()
  await close()
  stderr.end()
  expect(first).toContain('https://me:***@host/x?sig=***')
  expect([...shown, first, await text(stderr)].join('\n')).not.toMatch(/hunter/)
})

test('a warning about the settings is a line of JSON where the log is', async () => {
  const args = ['stream', '--until-caught-up', '--source', 'kafka://127.0.0.1:1?sasl=plain']
  const { code, err } = await runMillrace(args)
  const [first = ''] = err.split('\n')
  expect(code).toBe(2)
  expect(JSON.parse(first)).toMatchObject({ msg: expect.stringContaining('sasl=plain without TLS') })
})
