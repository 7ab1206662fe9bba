import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '@millrace/testkit'
import { describe, expect, it } from 'vitest'
import { parseKafkaAddress } from '../../src/kafka/address.ts'

const LOGIN = { MILLRACE_KAFKA_USERNAME: 'alice', MILLRACE_KAFKA_PASSWORD: 'secret' }

describe('the address of Kafka', () => {
  it('names brokers, with the usual port where none is given', () => {
    expect(parseKafkaAddress('kafka://a:1,b,[::1]:3', {})).toEqual({
      brokers: [
        { host: 'a', port: 1 },
        { host: 'b', port: 9092 },
        { host: '::1', port: 3 },
      ],
      security: {},
    })
  })

  it('asks for TLS, with a certificate authority of its own or without', async () => {
    expect(parseKafkaAddress('kafka://a?ssl=true', {}).security).toEqual({ tls: {} })
    const file = join(await temporaryFolder(), 'ca.pem')
    const certificate = '-----BEGIN CERTIFICATE-----'
    await writeFile(file, certificate)
    expect(parseKafkaAddress(`kafka://a?ca=${file}`, {}).security).toEqual({ tls: { ca: Buffer.from(certificate) } })
    await writeFile(file, 'a key, say')
    expect(() => parseKafkaAddress(`kafka://a?ca=${file}`, {})).toThrow('holds no certificate')
  })

  it.each([
    ['plain', 'PLAIN'],
    ['scram-sha-256', 'SCRAM-SHA-256'],
    ['scram-sha-512', 'SCRAM-SHA-512'],
  ])('asks for a login by %s, whose secrets are in the environment', (sasl, mechanism) => {
    expect(parseKafkaAddress(`kafka://a?sasl=${sasl}`, LOGIN).security).toEqual({
      sasl: { mechanism, username: 'alice', password: 'secret' },
    })
  })

  it('takes secrets from files as well, and a token anew at each login', async () => {
    const file = join(await temporaryFolder(), 'secret')
    await writeFile(file, 'from the file\n')
    const environment = { MILLRACE_KAFKA_USERNAME: 'alice', MILLRACE_KAFKA_PASSWORD_FILE: file }
    expect(parseKafkaAddress('kafka://a?sasl=plain', environment).security.sasl).toMatchObject({
      password: 'from the file',
    })
    const { sasl } = parseKafkaAddress('kafka://a?sasl=oauthbearer', { MILLRACE_KAFKA_TOKEN_FILE: file }).security
    if (sasl?.mechanism !== 'OAUTHBEARER') throw new Error('no token is asked for')
    expect(await sasl.token()).toBe('from the file')
    await writeFile(file, 'a newer one\n')
    expect(await sasl.token()).toBe('a newer one')
  })

  it('asks Amazon’s MSK for a login by the identity of this machine, over TLS', () => {
    expect(parseKafkaAddress('kafka://a?sasl=aws-msk-iam', { AWS_REGION: 'eu-west-1' }).security).toEqual({
      tls: {},
      sasl: { mechanism: 'OAUTHBEARER', token: expect.any(Function) },
    })
  })

  it.each([
    ['kafka://alice:secret@a', 'SECRET_IN_URL'],
    ['kafka://', 'SOURCE_ADDRESS'],
    ['kafka://a:b', 'SOURCE_ADDRESS'],
    ['kafka://a?ssl=maybe', 'SOURCE_ADDRESS'],
    ['kafka://a?sasl=kerberos', 'SOURCE_ADDRESS'],
    ['kafka://a?password=secret', 'SOURCE_ADDRESS'],
    ['kafka://a?sasl=plain', 'CONFIG_INVALID'],
    ['kafka://a?sasl=aws-msk-iam', 'CONFIG_INVALID'],
  ])('refuses %s', (address, code) => {
    expect(() => parseKafkaAddress(address, {})).toThrow(expect.objectContaining({ code }))
    expect(() => parseKafkaAddress(address, {})).not.toThrow(/secret@/)
  })
})
