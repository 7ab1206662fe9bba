import { judgeSql, seededRandom, temporaryFolder, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { someOf, upsertCells } from './cells.ts'
import { playLife } from './life.ts'
import { type Changes, createMarkedPeople, MANY, openDatabase, openMessages, writePeople } from './people.ts'
import { kafkaTopic, STORES, useCredentials } from './places.ts'
import { openScene } from './scene.ts'
import { expectEnd } from './worker-process.ts'

// A few of them, others for each seed; with MILLRACE_KILL_ROUNDS as many whole rounds as asked for.
const ROUNDS = Number(process.env.MILLRACE_KILL_ROUNDS ?? 0)
const SEED = Number(process.env.MILLRACE_SEED ?? 20_261_128)
const random = seededRandom(SEED)
const all = upsertCells(Math.max(1, ROUNDS), random)
const cells = ROUNDS > 0 ? all : someOf(all, 4, random)

const it = withServices('kafka', 'mariadb', 's3', 'judge')

for (const [number, cell] of cells.entries()) {
  const { point, time, source, store, writing } = cell
  const where = `${source} to ${store} by ${writing}`
  const name = `killed at "${point.name}" (${time}), ${where}: the newest row of each key [${number}, seed ${SEED}]`
  it.concurrent(name, async ({ kafka, mariadb, s3, judge, onTestFinished }) => {
    useCredentials(s3)
    const datasets = await temporaryFolder(onTestFinished)
    await writePeople(datasets, source)
    const own = seededRandom(SEED + number)
    const database =
      source === 'MySQL' ? await openDatabase(mariadb, own, point.name === 'compacted' ? MANY : undefined) : undefined
    let changes = database?.changes as Changes
    const setting = {
      topic: async () => database?.topic ?? kafkaTopic(kafka),
      lake: (folder: string) => STORES[store]({ s3 }, folder),
    }
    const scene = await openScene(setting, onTestFinished, undefined, {
      feedOf: async (topic) => {
        changes ??= await openMessages(topic, own)
        return changes
      },
      orders: { dataset: 'people', table: 'people', datasetFolders: [datasets] },
    })
    if (writing === 'merge-on-read') await createMarkedPeople(scene.lake.address)
    expect(await playLife(cell, scene)).toBe('SIGKILL')
    await expectEnd(scene.start({ untilCaughtUp: true }), 0)
    const { tables, s3: at } = scene.lake
    const sql = 'SELECT id, name, seq FROM t ORDER BY id'
    const rows = await judgeSql(judge, { table: `${tables}/people`, sql, ...(at && { s3: at }) })
    const expected = await changes.expected()
    expect(expected.length).toBeGreaterThan(20)
    expect(rows).toEqual(expected)
  })
}
