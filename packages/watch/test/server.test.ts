import { get } from 'node:http'
import { createServer } from 'node:net'
import { systemRuntime } from '@millrace/base'
import { openLake } from '@millrace/store'
import { temporaryFolder } from '@millrace/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { watchWorker } from '../src/index.ts'
import { createMetrics } from '../src/metrics.ts'
import { type Listen, startServer } from '../src/server.ts'
import type { Access } from '../src/token.ts'
import { handClock, pin, read, STARTED, WORKER } from './kit.ts'

const ANY_PORT = { host: '127.0.0.1', port: 0 }

async function serve(listen: Listen = ANY_PORT, access?: Access) {
  const clock = handClock()
  const watch = watchWorker(WORKER, clock.runtime)
  const metrics = createMetrics(watch.state, clock.runtime)
  watch.on(STARTED)
  watch.on(pin.assigned)
  const store = await openLake(await temporaryFolder())
  const server = await startServer(
    {
      watch,
      metrics,
      store,
      questionFolders: [],
      tableOf: (dataset) => dataset,
      runtime: { ...clock.runtime, sleep: systemRuntime.sleep },
      ...(access && { access }),
    },
    listen,
  )
  onTestFinished(() => server.close())
  const ask = (path: string, headers: Record<string, string> = {}) => fetch(`${server.url}${path}`, { headers })
  return { ...clock, watch, ask, url: server.url }
}

describe("the worker's address", () => {
  it('tells health from readiness while the worker waits and when it is stuck', async () => {
    const { ask, watch, runtime, pass } = await serve()
    const asked = async () => [(await ask('/healthz')).status, (await ask('/readyz')).status]
    expect(await asked()).toEqual([200, 200])
    watch.on(read(runtime.now(), 0))
    watch.on(pin.batch)
    watch.on(pin.waits)
    expect(await asked()).toEqual([200, 503])
    expect(await (await ask('/readyz')).json()).toMatchObject({
      sentence: expect.stringContaining('waiting for S3: 503'),
    })
    pass(10 * 60_000)
    expect(await asked()).toEqual([503, 503])
  })

  it('sends the whole state as server-sent events', async () => {
    const { ask } = await serve()
    const answer = await ask('/events')
    expect(answer.headers.get('content-type')).toBe('text/event-stream')
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
    const { value = '' } = (await reader?.read()) ?? {}
    await reader?.cancel()
    const [, data = ''] = /^event: state\ndata: (.*)\n\n$/.exec(value) ?? []
    expect(JSON.parse(data)).toMatchObject({ phase: 'caught up', worker: { group: 'millrace' } })
  })

  it('serves a page, the state, its history and the group', async () => {
    const { ask, watch } = await serve()
    watch.mark()
    const { headers } = await ask('/')
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self' 'sha256-[^']+'; style/,
    )
    const { memory: _, ...state } = JSON.parse(JSON.stringify(watch.state()))
    expect(await (await ask('/state')).json()).toMatchObject(state)
    expect(await (await ask('/history')).json()).toHaveLength(1)
    expect(await (await ask('/group')).json()).toMatchObject([{ worker: { id: WORKER.id } }])
    for (const path of ['/nothing', '/page', '/page/tsconfig.json', '/page/..%2fserver.ts', '/server.ts']) {
      expect((await ask(path)).status).toBe(404)
    }
  })

  it.each([
    { host: 'other.example' },
    { origin: 'http://other.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
  ])('answers no page of another site, nor under another name: %o', async (headers) => {
    const { url } = await serve()
    for (const path of ['/state', '/events', '/', '/metrics']) {
      const status = await new Promise((resolve, reject) => {
        const asking = get(`${url}${path}`, { headers }, (answer) => resolve(answer.resume().statusCode))
        asking.once('error', reject)
      })
      expect(status).toBe(403)
    }
  })

  it('lets a bounded number of pages follow it, and others once one is gone', async () => {
    const { ask } = await serve()
    const open = await Promise.all(Array.from({ length: 64 }, () => ask('/events')))
    expect(open.map(({ status }) => status)).toEqual(Array(64).fill(200))
    expect((await ask('/events')).status).toBe(503)
    expect((await ask('/state')).status).toBe(200)
    await open[0]?.body?.cancel()
    const later = async () => {
      const answer = await ask('/events')
      return answer.status
    }
    await expect.poll(later, { timeout: 30_000 }).toBe(200)
  })

  it('asks for a token where others can reach it, and says no more than the phase without', async () => {
    const token = 'a-long-and-random-token'
    const everywhere = { host: '0.0.0.0', port: 0 }
    await expect(serve(everywhere)).rejects.toMatchObject({ next: expect.stringContaining('MILLRACE_DASHBOARD_TOKEN') })
    await expect(serve(ANY_PORT, { token: 'short' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    const { ask } = await serve(everywhere, { token })
    const basic = `Basic ${Buffer.from(`anybody:${token}`).toString('base64')}`
    for (const path of ['/', '/state', '/events', '/metrics', '/history', '/group', '/answers', '/page/main.ts']) {
      expect((await ask(path)).status).toBe(401)
      expect((await ask(path, { authorization: 'Bearer another-random-token' })).status).toBe(401)
    }
    expect((await ask('/')).headers.get('www-authenticate')).toMatch(/^Basic /)
    for (const authorization of [basic, `Bearer ${token}`])
      expect((await ask('/state', { authorization })).status).toBe(200)
    expect(await (await ask('/healthz')).json()).toEqual({ ok: true, phase: 'caught up' })
    expect(await (await ask('/healthz', { authorization: basic })).json()).toHaveProperty('sentence')
  })

  it('is the usual one or on the next free port; one that was asked for is there or refused', async () => {
    const [first, second] = [await serve('usual'), await serve('usual')]
    expect(first.url).not.toBe(second.url)
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    onTestFinished(() => void taken.close())
    const { port } = taken.address() as { port: number }
    await expect(serve({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })
})
