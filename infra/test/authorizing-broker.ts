import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { commandRunner, freePort, installedServer, kafka, runGuarded } from '@millrace/testkit'
import { inject, onTestFinished, vi } from 'vitest'

/** What MSK's IAM calls the rights that a broker asks its authorizer for. */
const ACTIONS: Readonly<Record<string, string>> = {
  'Topic DESCRIBE': 'DescribeTopic',
  'Topic READ': 'ReadData',
  'Topic WRITE': 'WriteData',
  'Topic CREATE': 'CreateTopic',
  'Cluster CREATE': 'CreateTopic',
  'Topic DESCRIBE_CONFIGS': 'DescribeTopicDynamicConfiguration',
  'Group READ': 'AlterGroup',
  'Group DESCRIBE': 'DescribeGroup',
  'Cluster IDEMPOTENT_WRITE': 'WriteDataIdempotently',
  'Cluster DESCRIBE': 'DescribeCluster',
}

const LOGGING = `<Configuration>
  <Appenders><Console name="out"><PatternLayout pattern="%c{1}: %m%n"/></Console></Appenders>
  <Loggers>
    <Logger name="kafka.server.KafkaRaftServer" level="info"/>
    <Logger name="kafka.authorizer.logger" level="debug"/>
    <Root level="warn"><AppenderRef ref="out"/></Root>
  </Loggers>
</Configuration>`

const ASKED =
  /Principal = User:ANONYMOUS is \w+ operation = (\w+) from host = \S+ on resource = (\w+):\w+:\S+ for request = (\w+)/gi

/** A broker that logs every right that a client needs, and grants it. */
export async function openAuthorizingBroker(folder: string) {
  const home = await installedServer(inject('supervisor'), 'kafka')
  if (!('address' in home)) throw new Error('no Kafka is installed')
  const data = join(folder, 'broker')
  await mkdir(data)
  const surroundings = { say: () => {}, started: () => {} }
  const run = commandRunner(data, join(folder, 'format.log'), surroundings)
  const { command, address, ready } = await kafka.launch({ home: home.address, data, freePort, run })
  const rules = [
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users=User:ANONYMOUS',
  ]
  await appendFile(join(data, 'server.properties'), `${rules.join('\n')}\n`)
  const logging = join(folder, 'log4j2.xml')
  await writeFile(logging, LOGGING)
  const logged = command.map((word) =>
    word.startsWith('-Dlog4j2.configurationFile=') ? `-Dlog4j2.configurationFile=${logging}` : word,
  )
  const broker = runGuarded(logged, { folder: data, logFile: join(folder, 'broker.log') })
  onTestFinished(() => broker.stop())
  await vi.waitFor(async () => {
    if (!(await ready(await broker.log()))) throw new Error(await broker.log())
  }, 120_000)
  let from = 0
  return {
    bootstrap: address.bootstrap,
    /** The actions of IAM that clients needed since the last time that this was asked. */
    async actions(): Promise<string[]> {
      const log = await broker.log()
      const asked = [...log.slice(from).matchAll(ASKED)].map(([, operation, resource, request]) => {
        const right = `${resource} ${operation?.toUpperCase()}`
        return right === 'Cluster CLUSTER_ACTION' ? undefined : (ACTIONS[right] ?? `${right} for ${request}`)
      })
      from = log.length
      return [...new Set(asked.filter((action) => action !== undefined))].map((name) => `kafka-cluster:${name}`).sort()
    },
  }
}
