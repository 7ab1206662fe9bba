import { systemRuntime } from '@millrace/base'
import { judgeSql, withServices } from '@millrace/testkit'
import { openProducer } from '@millrace/transport'
import { expect } from 'vitest'
import { LOCAL, type Topic } from './places.ts'
import { openScene } from './scene.ts'
import { expectEnd, type WorkerProcess } from './worker-process.ts'

const it = withServices('judge')

const FULL = process.env.MILLRACE_FULL === '1'
const RECORDS = FULL ? 1_000_000 : 60_000
const POISON = FULL ? 1_000 : 120

const NOT_UTF8 = new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])

/** Twelve ways not to be a record of users, and what is said of each. */
const KINDS: readonly [string, string | Uint8Array | null, string][] = [
  ['no JSON', '{bad', 'not JSON'],
  ['cut short', '{"ind":1,"first_name":"A', 'not JSON'],
  ['empty', '', 'empty message'],
  ['blank', '  \t ', 'empty message'],
  ['a tombstone', null, 'tombstone: no value'],
  ['a list with something else in it', '[{"ind":1}, 2]', 'a list, and not of 1 to 100000 objects alone'],
  ['null', 'null', 'not an object'],
  ['two records', '{"ind":1}\n{"ind":2}', 'not JSON'],
  ['no text', NOT_UTF8, 'not JSON: invalid UTF-8'],
  ['half a number', '{"ind":1.5,"first_name":"A"}', 'wrong type in field ind'],
  ['true for a number', '{"ind":true,"first_name":"A"}', 'wrong type in field ind'],
  ['a number too large', '{"ind":99999999999,"first_name":"A"}', 'wrong type in field ind'],
]

const good = (ind: number) =>
  `{"ind":${ind},"first_name":"Anna","last_name":"Berg","age":${20 + (ind % 40)},"date_joined":"2016-01-01 00:00:00"}`

const RECORDS_A_SEND = 5_000

/** The name of each poison's place in the topic, and the kind that it is. */
async function send({ source, topic }: Topic, poison: number): Promise<Map<string, number>> {
  const producer = await openProducer(source, systemRuntime)
  const places = new Map<string, number>()
  const every = poison === 0 ? Number.POSITIVE_INFINITY : RECORDS / poison
  for (let from = 0; from < RECORDS; from += RECORDS_A_SEND) {
    const records = Array.from({ length: RECORDS_A_SEND }, (_, i) => {
      const number = from + i
      const isPoison = Math.floor(number / every) !== Math.floor((number + 1) / every)
      if (isPoison) places.set(String(number), places.size % KINDS.length)
      const value = isPoison ? (KINDS[(places.size - 1) % KINDS.length]?.[1] ?? null) : good(number)
      return { value: typeof value === 'string' ? Buffer.from(value) : value }
    })
    await producer.send(topic, records)
  }
  await producer.close()
  return places
}

async function secondsOf(worker: WorkerProcess): Promise<number> {
  await worker.passed('epoch begun')
  const begun = performance.now()
  await expectEnd(worker, 0)
  return (performance.now() - begun) / 1000
}

it(`${POISON} poison messages of ${KINDS.length} kinds among ${RECORDS} are all in quarantine, once, each with its reason`, async ({
  judge,
  annotate,
  onTestFinished,
}) => {
  const seconds: number[] = []
  for (const poison of [0, POISON]) {
    const scene = await openScene(LOCAL, onTestFinished)
    const lake = await LOCAL.lake(scene.folder)
    const places = await send(await LOCAL.topic(scene.folder), poison)
    const limits = { maxBytes: 32 << 20, maxRows: 1_000_000, everyMs: 10_000 }
    seconds.push(await secondsOf(scene.start({ limits, haste: 1, untilCaughtUp: true })))

    const table = { table: `${lake.tables}/user` }
    const [rows] = await judgeSql(judge, { ...table, sql: 'SELECT count(*) AS n, count(DISTINCT ind) AS inds FROM t' })
    expect(rows).toEqual({ n: RECORDS - poison, inds: RECORDS - poison })
    const rejected = await judgeSql(judge, {
      table: `${lake.tables}/user_quarantine`,
      sql: 'SELECT "offset" AS place, reason FROM t',
    })
    const expected = [...places].map(([place, kind]) => ({ place, reason: KINDS[kind]?.[2] }))
    const byPlace = (a: { place?: unknown }, b: { place?: unknown }) => Number(a.place) - Number(b.place)
    expect(rejected.toSorted(byPlace)).toEqual(expected.toSorted(byPlace))
  }
  const [clean = 0, poisoned = 0] = seconds
  await annotate(
    `clean ${clean.toFixed(1)} s, poisoned ${poisoned.toFixed(1)} s: ${(poisoned / clean).toFixed(2)} times`,
  )
})
