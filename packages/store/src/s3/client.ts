import { Readable } from 'node:stream'
import { S3Client } from '@aws-sdk/client-s3'
import { boundedBody } from '@millrace/base'
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
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      const response = result.response as { body?: unknown }
      if (response.body instanceof Readable) response.body = boundedBody(response.body, LARGEST_ANSWER)
      return result
    },
    { step: 'deserialize', priority: 'low', name: 'boundedAnswers' },
  )
  return client
}

/** Maximum size of an answer of the SDK; objects and listings are read without it. */
const LARGEST_ANSWER = 4 << 20
