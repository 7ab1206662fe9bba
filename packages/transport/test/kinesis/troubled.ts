import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { forwarded } from '@millrace/testkit'
import type { Server } from './stream.ts'

/** Of the records of one call, which the server does not take. */
type Refusal = (index: number) => boolean

/**
 * A real server on a bad day: the next calls of an operation are answered with these errors, in turn; and the next
 * calls of PutRecords take some of the records alone.
 */
export async function troubled(server: Server) {
  const refusals: Refusal[] = []
  const plans: { operation: string; errors: string[] }[] = []
  const calls: string[] = []
  const proxy = createServer(async (incoming, outgoing) => {
    const operation = String(incoming.headers['x-amz-target']).split('.')[1] ?? ''
    calls.push(operation)
    const error = plans.find((plan) => plan.operation === operation && plan.errors.length > 0)?.errors.shift()
    if (error !== undefined) {
      incoming.resume()
      outgoing.writeHead(400, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': error })
      outgoing.end(JSON.stringify({ __type: error, message: 'on purpose' }))
      return
    }
    const refuses = operation === 'PutRecords' ? refusals.shift() : undefined
    if (refuses) {
      outgoing.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
      outgoing.end(await partlyPut(server.endpoint, incoming, refuses))
      return
    }
    const { status, headers, body } = await forwarded(server.endpoint, incoming)
    outgoing.writeHead(status, headers)
    outgoing.end(body)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return {
    server: { ...server, endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` },
    calls,
    refuseRecords: (...next: Refusal[]) => void refusals.push(...next),
    trouble: (operation: string, ...errors: string[]) => void plans.push({ operation, errors }),
    close() {
      proxy.close()
      proxy.closeAllConnections()
    },
  }
}

/** The records that are let through reach the server; the answer speaks of all, in their order. */
async function partlyPut(upstream: string, incoming: IncomingMessage, refuses: Refusal): Promise<string> {
  const call = JSON.parse(String(await buffer(incoming))) as { Records: object[] }
  const Records = call.Records.filter((_, index) => !refuses(index))
  const { 'content-length': _, ...headers } = incoming.headers as Record<string, string>
  const answer = await fetch(upstream, { method: 'POST', headers, body: JSON.stringify({ ...call, Records }) })
  const taken = ((await answer.json()) as { Records: object[] }).Records
  const results = call.Records.map((_, index) => (refuses(index) ? REFUSED : taken.shift()))
  return JSON.stringify({ FailedRecordCount: results.filter((result) => result === REFUSED).length, Records: results })
}

const REFUSED = { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'on purpose' }
