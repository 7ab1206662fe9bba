import {
  cassandra as cassandraServer,
  type HttpAddress,
  openOwn,
  postgres as postgresServer,
  seededRandom,
  temporaryFolder,
  withServices,
} from '@millrace/testkit'
import { expect, type TestContext } from 'vitest'
import type { CrashPoint } from './cells.ts'
import { compare, NOTHING_WRONG } from './checker.ts'
import { type Database, inCassandra, inPostgres } from './databases.ts'
import { playLife } from './life.ts'
import { kafkaTopic, LOCAL } from './places.ts'
import { openScene, type Scene } from './scene.ts'
import { expectEnd, leave } from './worker-process.ts'

// A few; MILLRACE_RESTARTS=50 for more of the restarts, MILLRACE_FULL=1 for all points of the matrix.
const RESTARTS = Number(process.env.MILLRACE_RESTARTS ?? 4)
const FULL = process.env.MILLRACE_FULL === '1'

const it = withServices('kafka', 'postgres', 'cassandra', 'judge')

interface Stage extends Scene {
  /** Lets a last worker catch up; then every record is in the database or in the quarantine, once. */
  expectEachRecordOnceIn(judge: HttpAddress): Promise<void>
}

/** Workers between a topic of Kafka and a database. */
async function openStage(
  kafka: { readonly bootstrap: string },
  database: Database,
  finished: TestContext['onTestFinished'],
): Promise<Stage> {
  const setting = { ...LOCAL, topic: () => kafkaTopic(kafka) }
  const scene = await openScene(setting, finished, () => [database.output])
  return {
    ...scene,
    async expectEachRecordOnceIn(judge) {
      await expectEnd(scene.start({ untilCaughtUp: true }), 0)
      const users = await database.users()
      const counted = [...Map.groupBy(users, (user) => user)].map(([user, all]) => [user, all.length] as const)
      expect(await compare(scene.feed.sent, scene.lake, judge, counted)).toEqual(NOTHING_WRONG)
    },
  }
}

const COMMON: readonly CrashPoint[] = [{ name: 'staged' }, { name: 'uploaded' }, { name: 'quarantined' }]
const IN_POSTGRES: readonly CrashPoint[] = [{ name: 'before COMMIT' }, { name: 'after COMMIT' }]
const IN_CASSANDRA: readonly CrashPoint[] = [
  { name: 'before the rows' },
  { name: 'after the rows' },
  { name: 'after the progress' },
]
const MOVED = 'after the progress'
const random = seededRandom(Number(process.env.MILLRACE_SEED ?? 20_261_128))

for (const point of FULL ? [...COMMON, ...IN_POSTGRES] : IN_POSTGRES) {
  const time = 1 + Math.floor(random() * 6)
  it.concurrent(`a worker of two killed at "${point.name}" (${time}), Kafka to PostgreSQL: every record once`, async ({
    kafka,
    postgres,
    judge,
    onTestFinished,
  }) => {
    const stage = await openStage(kafka, inPostgres(postgres), onTestFinished)
    expect(await playLife({ point, time }, stage)).toBe('SIGKILL')
    await stage.expectEachRecordOnceIn(judge)
  })
}

for (const point of FULL ? [...COMMON, ...IN_CASSANDRA] : IN_CASSANDRA.slice(1)) {
  const time = 1 + Math.floor(random() * 6)
  it.concurrent(`a worker of two killed at "${point.name}" (${time}), Kafka to Cassandra: every key once`, async ({
    kafka,
    cassandra,
    judge,
    onTestFinished,
  }) => {
    const stage = await openStage(kafka, inCassandra(cassandra), onTestFinished)
    expect(await playLife({ point, time }, stage)).toBe('SIGKILL')
    await stage.expectEachRecordOnceIn(judge)
  })
}

it.concurrent(`PostgreSQL killed in the middle of a commit, ${RESTARTS} times: two workers wait and go on, every record once`, async ({
  kafka,
  judge,
  onTestFinished,
}) => {
  const folder = await temporaryFolder(onTestFinished)
  const server = await openOwn('postgres', postgresServer, folder, onTestFinished)
  const stage = await openStage(kafka, inPostgres(server.address), onTestFinished)
  const workers = [stage.start(), stage.start()]
  const passedBy = (point: string) => workers.reduce((sum, worker) => sum + worker.times(point), 0)
  for (let restart = 0; restart < RESTARTS; restart++) {
    const [doomed] = workers.toSorted(() => random() - 0.5)
    // It dies as one of them says COMMIT: some of these commits take effect, and nobody is told.
    await stage.feedUntil(doomed?.passed('before COMMIT', doomed.times('before COMMIT') + 1) ?? Promise.resolve())
    await server.kill()
    await server.start()
    const before = passedBy('after COMMIT')
    await stage.feedUntil(
      Promise.any(workers.map((each) => each.passed('after COMMIT', each.times('after COMMIT') + 1))),
    )
    expect(passedBy('after COMMIT')).toBeGreaterThan(before)
  }
  await Promise.all(workers.map(leave))
  await stage.expectEachRecordOnceIn(judge)
})

it.concurrent('a node of Cassandra killed under load: two workers wait and go on, every key once', async ({
  kafka,
  judge,
  onTestFinished,
}) => {
  const folder = await temporaryFolder(onTestFinished)
  const server = await openOwn('cassandra', cassandraServer, folder, onTestFinished)
  const stage = await openStage(kafka, inCassandra(server.address), onTestFinished)
  const workers = [stage.start(), stage.start()]
  for (const point of FULL ? ['before the rows', 'after the rows'] : ['before the rows']) {
    await stage.feedUntil(Promise.any(workers.map((each) => each.passed(point, each.times(point) + 2))))
    await server.kill()
    await stage.feedUntil(Promise.any(workers.map((each) => each.waits(/./))))
    await server.start()
    await stage.feedUntil(Promise.any(workers.map((each) => each.passed(MOVED, each.times(MOVED) + 2))))
  }
  await Promise.all(workers.map(leave))
  await stage.expectEachRecordOnceIn(judge)
})
