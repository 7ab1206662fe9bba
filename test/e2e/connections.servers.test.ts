import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import {
  freePort,
  freshName,
  makeKafkaTopics,
  openKinesisStream,
  s3Client,
  unsignedToken,
  withServices,
} from '@millrace/testkit'
import { createConnection } from 'mysql2/promise'
import { describe, expect, onTestFinished } from 'vitest'
import { startGateway } from './emulated.ts'
import { openPage, openShell } from './examples.ts'

const { examplesOf, run: runExample } = await openPage('connections.md')

const succeeded = (output: RegExp) => ({ exitCode: 0, output: expect.stringMatching(output) })

describe('docs/connections.md', () => {
  withServices('kafkaPair')('Kafka: plain, TLS, and every way to log in', async ({ kafkaPair }) => {
    const topic = freshName('pin')
    await makeKafkaTopics(kafkaPair.plain, [{ topic, numPartitions: 1 }])
    const place = await openShell({ MILLRACE_TOPICS: `pin=${topic}` })
    const [password, token] = [join(place.folder, 'password'), join(place.folder, 'token')]
    await Promise.all([writeFile(password, `${kafkaPair.password}\n`), writeFile(token, unsignedToken())])
    const here = {
      'plain.example:9092': kafkaPair.plain,
      'tls.example:9093': kafkaPair.tls,
      'login.example:9094': kafkaPair.login_tls,
      '/etc/ssl/kafka-ca.pem': kafkaPair.ca,
      '=alice ': `=${kafkaPair.username} `,
      '/run/secrets/kafka-password': password,
      '/run/secrets/kafka-token': token,
    }
    const [plain = ''] = examplesOf('plain.example')
    const [tls = ''] = examplesOf('tls.example')
    const logins = examplesOf('login.example').filter((code) => !code.includes('aws-msk-iam'))
    expect(logins).toHaveLength(3)
    for (const example of [plain, tls, ...logins]) {
      expect(await runExample(place, example, here), example).toEqual(succeeded(new RegExp(`ok +topic ${topic}`)))
    }
  })

  withServices('kafkaPair')(
    "Kafka: a token for Amazon's IAM reaches the broker, which asks Amazon",
    async ({ kafkaPair }) => {
      const place = await openShell({ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' })
      const [example = ''] = examplesOf('aws-msk-iam')
      const here = { 'login.example:9094': kafkaPair.login_tls, '/etc/ssl/kafka-ca.pem': kafkaPair.ca }
      expect(await runExample(place, example, here)).toEqual({
        exitCode: 1,
        output: expect.stringMatching(/problem {2}source .*\n.*login/),
      })
    },
  )

  withServices('kafka')('how to make a topic', async ({ kafka }) => {
    const [topic, port] = [freshName('pin'), await freePort()]
    const place = await openShell({ MILLRACE_TOPICS: `pin=${topic}` })
    const [plain = '', making = ''] = examplesOf('plain.example')
    const here = {
      'plain.example:9092': kafka.bootstrap,
      '127.0.0.1:8082': `127.0.0.1:${port}`,
      '/streams/pin': `/streams/${topic}`,
    }
    expect(await runExample(place, making, here)).toMatchObject({ exitCode: 0 })
    expect(await runExample(place, plain, here)).toEqual(succeeded(/partitions: 3/))
  })

  withServices('kinesisMock')('Kinesis', async ({ kinesisMock }) => {
    const name = freshName('pin')
    const stream = await openKinesisStream(kinesisMock, name, 1)
    onTestFinished(() => stream.close())
    const place = await openShell({ MILLRACE_TOPICS: `pin=${name}` })
    const [example = ''] = examplesOf('kinesis.example')
    const here = {
      'http://kinesis.example:4567': kinesisMock.endpoint,
      'kinesis://eu-west-1': `kinesis://${kinesisMock.region}`,
    }
    expect(await runExample(place, example, here)).toEqual(succeeded(new RegExp(`ok +topic ${name}`)))
  })

  withServices('s3')('S3', async ({ s3 }) => {
    const bucket = freshName('lake')
    await s3Client(s3).send(new CreateBucketCommand({ Bucket: bucket }))
    const place = await openShell()
    const [example = ''] = examplesOf('s3.example')
    const here = {
      'http://s3.example:9000': s3.endpoint,
      's3://bucket/': `s3://${bucket}/`,
      AKIAEXAMPLE: s3.accessKeyId,
      'SECRET_ACCESS_KEY=example': `SECRET_ACCESS_KEY=${s3.secretAccessKey}`,
    }
    expect(await runExample(place, example, here)).toEqual(succeeded(/100 rows/))
  })

  withServices('mariadb')('MySQL', async ({ mariadb }) => {
    const { host, port, user, password, ca } = mariadb
    const connection = await createConnection({ host, port, user, password, ssl: { ca: await readFile(ca) } })
    onTestFinished(() => connection.end())
    const database = freshName('millrace').replace('-', '_')
    for (const statement of [
      `CREATE DATABASE ${database}`,
      `CREATE TABLE ${database}.posts (\`index\` INT PRIMARY KEY, title TEXT)`,
      `INSERT INTO ${database}.posts VALUES (7, 'Seven')`,
    ]) {
      await connection.query(statement)
    }
    const [example = ''] = examplesOf('mysql.example')
    const here = {
      'reader@mysql.example:3306/pinterest_data': `${user}@${host}:${port}/${database}`,
      '/etc/ssl/mysql-ca.pem': ca,
      'MYSQL_PWD=example': `MYSQL_PWD=${password}`,
    }
    expect(await runExample(await openShell(), example, here)).toEqual(succeeded(/\{"index":7,"title":"Seven"\}/))
  })

  withServices()('REST and API targets', async () => {
    const place = await openShell()
    const gateway = await startGateway(place, 'embedded:stream.db')
    const [example = ''] = examplesOf('gateway.example')
    const result = await runExample(place, example, { 'http://gateway.example:8082': gateway.url })
    await gateway.stop()
    expect(result, result.output).toMatchObject({ exitCode: 0 })
    const source = `embedded:${join(place.folder, 'stream.db')}`
    await place.run('stream', '--until-caught-up', '--datasets', 'pin', '--source', source)
    expect(await place.sql('select count(*) as pins from pin')).toEqual([{ pins: 20 }])
  })
})
