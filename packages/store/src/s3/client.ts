import { S3Client } from '@aws-sdk/client-s3'
import { boundedAnswers } from '@millrace/base'
import type { S3Address } from './address.ts'
import { TRIES } from './errors.ts'
import { type Agents, CONNECT_MS, SILENCE_MS } from './http.ts'

/** Credentials come from the SDK's own chain: environment, profile, single sign-on, container, machine. */
export function openClient({ endpoint, region, pathStyle }: S3Address, agents: Agents): S3Client {
  const client = new S3Client({
    ...(endpoint === undefined ? {} : { endpoint, region: process.env.AWS_REGION ?? 'us-east-1' }),
    ...(region === undefined ? {} : { region }),
    forcePathStyle: pathStyle,
    followRegionRedirects: true,
    // The SDK backs off exponentially, with jitter.
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
  const bounded = { step: 'deserialize', priority: 'low', name: 'boundedAnswers' } as const
  client.middlewareStack.add(boundedAnswers(LARGEST_ANSWER), bounded)
  return client
}

/** Maximum size of an answer of the SDK; objects and listings are read without it. */
const LARGEST_ANSWER = 4 << 20
