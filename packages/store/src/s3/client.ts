import { S3Client } from '@aws-sdk/client-s3'
import type { S3Address } from './address.ts'
import { TRIES } from './errors.ts'
import { type Agents, CONNECT_MS, SILENCE_MS } from './http.ts'

/** Credentials come from the SDK's own chain: environment, profile, single sign-on, container, machine. */
export function openClient({ endpoint, region, pathStyle }: S3Address, agents: Agents): S3Client {
  return new S3Client({
    ...(endpoint === undefined ? {} : { endpoint, region: process.env.AWS_REGION ?? 'us-east-1' }),
    ...(region === undefined ? {} : { region }),
    forcePathStyle: pathStyle,
    followRegionRedirects: true,
    // With jitter and growing pauses between them.
    maxAttempts: TRIES,
    // It would open a connection of its own for every large part.
    expectContinueHeader: false,
    requestHandler: {
      httpAgent: agents['http:'],
      httpsAgent: agents['https:'],
      connectionTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
    },
  })
}
