import { KinesisClient } from '@aws-sdk/client-kinesis'
import { boundedAnswers } from '@millrace/base'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { KinesisAddress } from './address.ts'

/** A shard can hand over 10 MB in one answer, through a slow line too. */
const ANSWER_WITHIN_MS = 30_000

/** 10 MB in base64, and what comes with each record. */
const LARGEST_ANSWER = 32 << 20

const CONNECTIONS = 128

/** Credentials come from the SDK's own chain: environment, profile, single sign-on, container, machine. */
export function openClient({ region, endpoint }: KinesisAddress): KinesisClient {
  const agent = { keepAlive: true, maxSockets: CONNECTIONS }
  const client = new KinesisClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    // HTTP/1.1: what the SDK would choose by itself, HTTP/2, is not spoken by every endpoint.
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 5_000,
      requestTimeout: ANSWER_WITHIN_MS,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    }),
  })
  const bounded = { step: 'deserialize', priority: 'low', name: 'boundedAnswers' } as const
  client.middlewareStack.add(boundedAnswers(LARGEST_ANSWER), bounded)
  return client
}
