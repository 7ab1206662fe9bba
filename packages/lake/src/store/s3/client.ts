import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { S3Client } from '@aws-sdk/client-s3'
import type { S3Address } from './address.ts'

const CONNECTIONS = 64

/** Credentials come from the SDK's own chain: environment, profile, single sign-on, container, machine. */
export function openClient({ endpoint, region, pathStyle }: S3Address): S3Client {
  const agent = { keepAlive: true, maxSockets: CONNECTIONS }
  return new S3Client({
    ...(endpoint === undefined ? {} : { endpoint, region: process.env.AWS_REGION ?? 'us-east-1' }),
    ...(region === undefined ? {} : { region }),
    forcePathStyle: pathStyle,
    followRegionRedirects: true,
    // With jitter and growing pauses between them.
    maxAttempts: 8,
    // It would open a connection of its own for every large part.
    expectContinueHeader: false,
    requestHandler: {
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent(agent),
      connectionTimeout: 5_000,
      // Without a byte in either direction.
      socketTimeout: 20_000,
    },
  })
}
