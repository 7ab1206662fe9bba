import { gunzipSync } from 'node:zlib'
import { systemRuntime, valueAt } from '@millrace/base'
import { openLake } from '@millrace/store'
import { withServices } from '@millrace/testkit'
import { listTopics, openSource } from '@millrace/transport'
import { expect } from 'vitest'
import type { Sent } from './feed.ts'
import { playLife } from './life.ts'
import { settingOf, useCredentials } from './places.ts'
import { openScene } from './scene.ts'
import { expectEnd } from './worker-process.ts'

const it = withServices('kafka', 'kinesisMock', 's3', 'judge')

const POINTS = ['staged', 'claimed', 'archived', 'quarantined', 'committed', 'revoking'] as const

/** Each point once with the archive beside a table and once alone, in a folder and on S3 in turn. */
const CELLS = POINTS.flatMap((point, i) =>
  [true, false].map((alone, j) => ({
    ...{ point, alone, time: point === 'revoking' ? 1 : 1 + ((3 * i) % 7) },
    store: (i + j) % 2 === 0 ? ('folder' as const) : ('S3' as const),
  })),
)

// One of the two for each point; MILLRACE_FULL=1 plays both.
const played = process.env.MILLRACE_FULL === '1' ? CELLS : CELLS.filter((_, i) => i % 4 === 0 || i % 4 === 3)

for (const { point: name, store, alone, time } of played) {
  const outputs = alone ? 'the archive alone' : 'a table and the archive'
  it.concurrent(`killed at "${name}" (${time}), Kafka to ${outputs} in ${store}: every message once`, async ({
    kafka,
    kinesisMock,
    s3,
    judge,
    onTestFinished,
  }) => {
    useCredentials(s3)
    let archive = ''
    const scene = await openScene(settingOf('Kafka', store, { kafka, kinesisMock, s3 }), onTestFinished, (lake) => {
      const [place = '', query = ''] = lake.address.split('?')
      archive = `archive:${place}-raw?codec=gzip${query && `&${query}`}`
      return alone ? [archive] : ['delta', archive]
    })
    const point = name === 'revoking' ? ({ name, needs: 'another worker' } as const) : { name }
    expect(await playLife({ point, time }, scene)).toBe('SIGKILL')
    if (alone) await expectEnd(scene.start({ untilCaughtUp: true }), 0)
    else await scene.expectEachRecordOnce(judge)
    const sent = messagesOf(scene.feed.sent)
    expect(await linesIn(archive)).toEqual(sent)
    expect(await readBack(archive)).toEqual(sent)
  })
}

/** Each message by the number in it, which it has whether it is good or bad. */
function messagesOf({ good, bad }: Sent): number[] {
  return [...good, ...bad.map(numberIn)].sort((a, b) => a - b)
}

function numberIn(text: string): number {
  return Number(/\d+/.exec(text)?.[0])
}

/** The lines of all files, as somebody reads them who knows the layout alone. */
async function linesIn(archive: string): Promise<number[]> {
  const store = await openLake(archive.slice('archive:'.length).replace('codec=gzip&', '').replace('?codec=gzip', ''))
  const found: number[] = []
  for await (const key of store.keys('topics/')) {
    const lines = gunzipSync((await store.get(key)) ?? '').toString()
    found.push(...lines.trimEnd().split('\n').map(numberIn))
  }
  return found.sort((a, b) => a - b)
}

async function readBack(archive: string): Promise<number[]> {
  const source = await openSource(archive, systemRuntime)
  const found: number[] = []
  const partitions = (await listTopics(archive)).map((topic) => source.partitions(topic))
  for (const partition of (await Promise.all(partitions)).flat()) {
    const end = await source.end(partition)
    for (let at = await source.resolve(partition, 'earliest'); !end.passedBy(at); ) {
      const block = await source.read(partition, at, { maxBytes: 1 << 20, waitMs: 0 })
      if (!block) throw new Error(`nothing came at ${at}`)
      for (let i = 0; i < block.count; i++) found.push(numberIn(Buffer.from(valueAt(block, i) ?? []).toString()))
      at = block.to
    }
  }
  return found.sort((a, b) => a - b)
}
