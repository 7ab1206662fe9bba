import { type Environment, MillraceError, readCertificate, requiredSecret } from '@millrace/base'
import type { Broker, Login, Mechanism, Security } from './security.ts'

export interface KafkaAddress {
  readonly brokers: readonly Broker[]
  readonly security: Security
}

const DEFAULT_PORT = 9092
const SETTINGS = new Set(['ssl', 'sasl', 'ca'])
const BROKER = /^(\[[0-9a-fA-F:]+\]|[^:[\]]+)(?::(\d{1,5}))?$/

/**
 * kafka://host[:port][,host[:port]…][?ssl=true][&ca=file][&sasl=plain|scram-sha-256|scram-sha-512|oauthbearer|aws-msk-iam].
 * Secrets come from the environment.
 */
export function parseKafkaAddress(address: string, environment: Environment): KafkaAddress {
  const [authority = '', query = ''] = address.replace(/^kafka:\/\//, '').split('?', 2)
  if (authority.includes('@')) {
    throw new MillraceError('SECRET_IN_URL', 'the address of Kafka holds a user', {
      next: 'Put it into MILLRACE_KAFKA_USERNAME and MILLRACE_KAFKA_PASSWORD (or …_FILE).',
    })
  }
  const settings = new URLSearchParams(query)
  for (const name of settings.keys()) {
    if (!SETTINGS.has(name)) throw wrong(address, `there is no setting ${name}; they are ${[...SETTINGS].join(', ')}`)
  }
  const mechanism = settings.get('sasl')
  const ca = settings.get('ca')
  const wantsTls = flag(settings.get('ssl'), address) ?? (ca !== null || mechanism === MSK_IAM)
  return {
    brokers: authority
      .replace(/\/$/, '')
      .split(',')
      .map((broker) => parseBroker(broker, address)),
    security: {
      ...(wantsTls && { tls: ca === null ? {} : { ca: readCertificate(ca, address) } }),
      ...(mechanism !== null && { sasl: loginOf(mechanism, address, environment) }),
    },
  }
}

function parseBroker(text: string, address: string): Broker {
  const [, host, port] = BROKER.exec(text) ?? []
  if (host === undefined) throw wrong(address, `${JSON.stringify(text)} is no host:port`)
  return { host: host.replace(/^\[|\]$/g, ''), port: port === undefined ? DEFAULT_PORT : Number(port) }
}

function flag(value: string | null, address: string): boolean | undefined {
  if (value === null) return undefined
  if (value === 'true' || value === 'false') return value === 'true'
  throw wrong(address, 'ssl is true or false')
}

const MSK_IAM = 'aws-msk-iam'

const BY_PASSWORD: Readonly<Record<string, Exclude<Mechanism, 'OAUTHBEARER'>>> = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
}

function loginOf(name: string, address: string, environment: Environment): Login {
  const mechanism = BY_PASSWORD[name]
  if (mechanism) {
    const username = requiredSecret('MILLRACE_KAFKA_USERNAME', environment)
    return { mechanism, username, password: requiredSecret('MILLRACE_KAFKA_PASSWORD', environment) }
  }
  if (name === 'oauthbearer') {
    // Asked for at each login: whoever renews the token writes the file anew.
    return { mechanism: 'OAUTHBEARER', token: async () => requiredSecret('MILLRACE_KAFKA_TOKEN', environment) }
  }
  if (name === MSK_IAM) {
    const region = environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION
    if (!region) throw new MillraceError('CONFIG_INVALID', `sasl=${MSK_IAM} wants AWS_REGION in the environment`)
    return { mechanism: 'OAUTHBEARER', token: async () => (await import('./msk-iam.ts')).mskToken(region) }
  }
  throw wrong(address, `sasl is one of ${[...Object.keys(BY_PASSWORD), 'oauthbearer', MSK_IAM].join(', ')}`)
}

function wrong(address: string, why: string): MillraceError {
  return new MillraceError('SOURCE_ADDRESS', `${address}: ${why}`)
}
