import { withServices } from '@millrace/testkit'
import { LOCAL, type SourceName, settingOf, useCredentials } from './places.ts'
import { openScene } from './scene.ts'
import { leave } from './worker-process.ts'

const it = withServices('kafka', 'kinesisMock', 's3', 'judge')

const ZOMBIES: readonly [SourceName, string][] = [
  ['Kafka', 'quarantined'],
  ['Kafka', 'uploaded'],
  ['Kinesis', 'quarantined'],
  ['embedded', 'quarantined'],
]

// The whole process stops in the middle of a commit, for longer than the group or its leases wait for it. Another
// one takes over what was its own, and commits it; then the first goes on where it was, and still believes.
it.concurrent.for(ZOMBIES)(
  'a worker of %s that freezes when it has %s a batch writes nothing twice when it thaws',
  async ([source, point], { kafka, kinesisMock, s3, judge, onTestFinished }) => {
    useCredentials(s3)
    const { feed, start, feedUntil, expectEachRecordOnce } = await openScene(
      settingOf(source, 'folder', { kafka, kinesisMock, s3 }),
      onTestFinished,
    )
    await feed.send(100)
    const zombie = start({ events: [{ point, time: 3, outcome: 'freezes' }] })
    await feedUntil(zombie.passed(point, 3))
    const successor = start()
    await feedUntil(successor.passed('committed', 10))
    zombie.thaw()
    await feedUntil(zombie.passed('epoch begun', 2))
    await Promise.all([leave(zombie), leave(successor)])
    await expectEachRecordOnce(judge)
  },
)

const DAY_MS = 86_400_000

it.concurrent('a clock that jumps a day ahead and two days back while batches are under way', async ({
  judge,
  onTestFinished,
}) => {
  const { feed, start, feedUntil, expectEachRecordOnce } = await openScene(LOCAL, onTestFinished)
  await feed.send(100)
  const worker = start({
    events: [
      { point: 'staged', time: 2, outcome: { clockJumpsMs: DAY_MS } },
      { point: 'uploaded', time: 6, outcome: { clockJumpsMs: -2 * DAY_MS } },
      { point: 'quarantined', time: 12, outcome: { clockJumpsMs: 3 * DAY_MS } },
    ],
  })
  await feedUntil(worker.passed('committed', 25))
  await leave(worker)
  await expectEachRecordOnce(judge)
})
