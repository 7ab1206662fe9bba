import { setTimeout as pause } from 'node:timers/promises'
import {
  freshName,
  kafka as kafkaServer,
  makeKafkaTopics,
  openOwn,
  temporaryFolder,
  withServices,
} from '@millrace/testkit'
import { Kafka, logLevel } from 'kafkajs'
import { expect } from 'vitest'
import { kafkaTopic, LOCAL } from './places.ts'
import { openScene } from './scene.ts'
import { leave } from './worker-process.ts'

const it = withServices('kafka', 'judge')

it.concurrent('a broker that is killed and comes back: two workers wait, say so, and go on', async ({
  judge,
  onTestFinished,
}) => {
  const broker = await openOwn('kafka', kafkaServer, await temporaryFolder(onTestFinished), onTestFinished)
  const setting = { ...LOCAL, topic: () => kafkaTopic(broker.address) }
  const { feed, start, feedUntil, expectEachRecordOnce } = await openScene(setting, onTestFinished)
  const [first, second] = [start(), start()]
  await feedUntil(Promise.all([first.passed('committed', 3), second.passed('committed', 1)]))
  await feed.send(200)
  await broker.kill()
  await Promise.all([first, second].map((worker) => worker.waits(/./)))
  await broker.start()
  await Promise.all([first, second].map((worker) => worker.goesOn()))
  await feedUntil(Promise.all([first.passed('committed', 10), second.passed('committed', 5)]))
  await Promise.all([leave(first), leave(second)])
  await expectEachRecordOnce(judge)
})

it.concurrent('a topic that is deleted and made again under a running worker stops it, and the next one, with a choice', async ({
  kafka,
  onTestFinished,
}) => {
  const topic = freshName('users')
  const setting = { ...LOCAL, topic: () => kafkaTopic(kafka, topic) }
  const { feed, start } = await openScene(setting, onTestFinished)
  await feed.send(100)
  const worker = start()
  await worker.passed('committed')
  const admin = new Kafka({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.deleteTopics({ topics: [topic] })
  while ((await admin.listTopics()).includes(topic)) await pause(50)
  await admin.disconnect()
  await makeKafkaTopics(kafka.bootstrap, [{ topic, numPartitions: 3 }])
  for (const stopped of [worker, start(), start({ untilCaughtUp: true })]) {
    expect(await stopped.ended).toBe(1)
    expect(stopped.complaints.join()).toContain('SOURCE_CHANGED')
  }
})
