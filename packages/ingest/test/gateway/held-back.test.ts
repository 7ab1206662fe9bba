import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, onTestFinished } from 'vitest'
import type { Limits } from '../../src/gateway/limits.ts'
import { JSON_V2, startGateway, storedIn, type TestGateway } from './kit.ts'

const EVENTUALLY = { timeout: 30_000 }
const BODY = '{"records":[{"value":{"a":1}}]}'

/** By dialect: a request, and what turns it away in that dialect's words. */
const DIALECTS = [
  ['POST', '/topics/t', BODY, { error_code: 42901 }],
  ['PUT', '/streams/t/record', '{"Data":1,"PartitionKey":"p"}', { __type: 'ProvisionedThroughputExceededException' }],
  ['POST', '/pin/', '{"index":1}', { detail: expect.any(String) }],
] as const

/** A gateway with room for one body, before a store that somebody else has locked until `letGo`. */
async function heldBack(limits: Partial<Limits> = {}) {
  const gateway = await startGateway({ limits: { heldBytes: 40, ...limits } })
  const produce = () => gateway.ask('POST', '/topics/t', BODY, { 'content-type': JSON_V2 })
  await expect.poll(produce, EVENTUALLY).toMatchObject({ status: 200 })
  const lock = new DatabaseSync(gateway.to.slice('embedded:'.length))
  onTestFinished(() => lock.close())
  lock.exec('BEGIN IMMEDIATE')
  return { gateway, produce, letGo: () => lock.exec('COMMIT') }
}

async function expectTurnedAway({ ask }: TestGateway): Promise<void> {
  for (const [method, path, body, said] of DIALECTS) {
    const answer = await ask(method, path, body, { 'content-type': JSON_V2 })
    expect(answer).toMatchObject({ status: 429, json: said })
    expect(answer.headers.get('retry-after')).toBe('1')
  }
}

it('turns everybody away with when to come again while the store is held back, and serves them then', async () => {
  const { gateway, produce, letGo } = await heldBack()
  const waiting = produce()
  await expect.poll(() => gateway.totals.requests, EVENTUALLY).toBe(2)
  await expectTurnedAway(gateway)
  letGo()
  expect(await waiting).toMatchObject({ status: 200 })
  expect(await produce()).toMatchObject({ status: 200 })
  expect(await storedIn(gateway.to, 't')).toHaveLength(3)
})

it('counts a body until its records are durable, also when its client has hung up', async () => {
  const { gateway, produce, letGo } = await heldBack()
  const impatient = request(`${gateway.url}/topics/t`, { method: 'POST', headers: { 'content-type': JSON_V2 } })
  impatient.on('error', () => {})
  impatient.end(BODY)
  await expect.poll(() => gateway.totals.requests, EVENTUALLY).toBe(2)
  impatient.destroy()
  await expect.poll(() => readFile(gateway.accessLog, 'utf8'), EVENTUALLY).toContain('"status":499')
  await expectTurnedAway(gateway)
  letGo()
  await expect.poll(async () => (await produce()).status, EVENTUALLY).toBe(200)
  expect((await storedIn(gateway.to, 't')).length).toBe(3)
})

it('counts a body until its records are durable, also when its client was told that nobody knows', async () => {
  const { gateway, produce, letGo } = await heldBack({ answerWithinMs: 1 })
  const late = await produce()
  expect(late).toMatchObject({ status: 408, json: { error_code: 40801 } })
  await expectTurnedAway(gateway)
  letGo()
})
