import { once } from 'node:events'
import { systemRuntime } from '@millrace/base'
import { PINTEREST } from '@millrace/testkit'
import { expect, it } from 'vitest'
import { ingest } from '../../src/index.ts'
import { type Answer, httpServer } from './http-server.ts'

const BUSY: Answer = { status: 429, headers: { 'Retry-After': '10' } }
const EVENTUALLY = { timeout: 30_000 }
const NO_ANSWER = new Promise<Answer>(() => {})

/** Pauses that only the signal ends. */
const runtime = {
  ...systemRuntime,
  sleep: async (_: number, signal?: AbortSignal) => {
    if (!signal?.aborted) await once(signal ?? new AbortController().signal, 'abort')
    throw signal?.reason
  },
}

function send(to: string, stop: AbortSignal) {
  return ingest(
    { from: 'generator', datasetFolders: [PINTEREST.datasets], to, datasets: ['pin'], mode: 'all', seed: 1, count: 30 },
    runtime,
    stop,
  )
}

it.each(['rest', 'api'])('Ctrl-C while %s waits for a busy server to have room ends it at once', async (dialect) => {
  const stop = new AbortController()
  const { url, asked } = await httpServer(() => BUSY)
  const sending = send(`${dialect}:${url}`, stop.signal)
  await expect.poll(() => asked.length, EVENTUALLY).toBeGreaterThan(0)
  stop.abort()
  expect(await sending).toEqual({ rounds: 0, records: 0, bytes: 0 })
})

it('Ctrl-C while a server is asked again that does not answer ends it at once', async () => {
  const stop = new AbortController()
  const { url, asked } = await httpServer((_, index) => (index === 0 ? { hangUp: true } : NO_ANSWER))
  const sending = ingest(
    {
      from: 'generator',
      datasetFolders: [PINTEREST.datasets],
      to: `rest:${url}`,
      datasets: ['pin'],
      mode: 'all',
      seed: 1,
      count: 30,
    },
    { ...systemRuntime, random: () => 0 },
    stop.signal,
  )
  await expect.poll(() => asked.length, EVENTUALLY).toBe(2)
  stop.abort()
  expect(await sending).toMatchObject({ rounds: 0 })
})

it('Ctrl-C lets a server answer that is asked for the first time, and counts what it has stored', async () => {
  const stop = new AbortController()
  const stored = Promise.withResolvers<Answer>()
  const { url, asked } = await httpServer(() => stored.promise)
  const sending = send(`rest:${url}`, stop.signal)
  await expect.poll(() => asked.length, EVENTUALLY).toBe(1)
  stop.abort()
  stored.resolve({ body: { offsets: Array.from({ length: 30 }, (_, offset) => ({ partition: 0, offset })) } })
  expect(await sending).toMatchObject({ rounds: 30, records: 30 })
})

it('a failure that is no Ctrl-C is told, also after one', async () => {
  const stop = new AbortController()
  const answer = Promise.withResolvers<Answer>()
  const { url, asked } = await httpServer(() => answer.promise)
  const sending = send(`rest:${url}`, stop.signal)
  await expect.poll(() => asked.length, EVENTUALLY).toBe(1)
  stop.abort()
  answer.resolve({ status: 401 })
  await expect(sending).rejects.toMatchObject({ code: 'SOURCE_DENIED' })
})
