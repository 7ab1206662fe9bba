import { isIP } from 'node:net'
import type { BaseOptions } from '@platformatic/kafka'
import type { KafkaAddress } from './address.ts'
import { CLIENT_ID } from './security.ts'

/** Returns the options of every client of the library. */
export function libraryOptions(
  { brokers, security: { tls, sasl } }: KafkaAddress,
  requestTimeout: number,
): BaseOptions {
  return {
    clientId: CLIENT_ID,
    bootstrapBrokers: brokers.map(({ host, port }) => ({ host, port })),
    requestTimeout,
    ...(tls && { tls, tlsServerName: brokers.every(({ host }) => isIP(host) === 0) }),
    ...(sasl && { sasl }),
  }
}
