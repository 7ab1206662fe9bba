import type { IncomingMessage } from 'node:http'
import { presentedKey, webGuard } from '@millrace/base'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { clientAddress } from './client-address.ts'
import { ALL_GRANTS, type Grant } from './grants.ts'
import { REQUEST_BYTES } from './limits.ts'
import { openLogins } from './logins.ts'
import { refuseOtherThanJson } from './media-type.ts'
import type { Room } from './pressure.ts'
import { refuse } from './refusal.ts'
import type { ServerParts } from './server-parts.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Name of the client whose key it came with. */
    client: string | undefined
    /** What its client may do. */
    grants: readonly Grant[]
    /** What it takes up in memory. */
    room: Room
    /** Bytes of its body that have come. */
    bytes: number
  }
}

const NO_ROOM: Room = { take: () => {}, release: () => {} }

/** Before a body is read: whether a browser was misled, who it is, and whether there is room. */
export function openDoor(app: FastifyInstance, parts: ServerParts): void {
  const { log, totals, runtime, host, hostNames } = parts
  app.decorateRequest('client', undefined)
  app.decorateRequest('storing', undefined)
  app.decorateRequest('action', undefined)
  app.decorateRequest('bytes', 0)
  // Set for each request below: Fastify wants no object to be shared.
  app.decorateRequest('grants')
  app.decorateRequest('room')
  const guard = webGuard({ host, names: hostNames })
  const enter = entrance(parts)
  app.addHook('onRequest', (request, reply, done) => {
    totals.requests++
    request.grants = ALL_GRANTS
    request.room = NO_ROOM
    reply.header('x-request-id', request.id)
    const began = runtime.monotonic()
    whenGone(request, reply, () => log.answered(request, reply, runtime.monotonic() - began))
    try {
      refuseMisled(guard, request.raw)
      enter(request)
      if (!request.is404) refuseOtherThanJson(request)
      request.room.take(REQUEST_BYTES)
      done()
    } catch (error) {
      done(error as Error)
    }
  })
}

/** Frees what the request holds when its answer has gone and its records are stored. */
function whenGone(request: FastifyRequest, reply: FastifyReply, answered: () => void): void {
  reply.raw.once('close', () => {
    const { storing, room } = request
    if (storing) storing.then(room.release, room.release)
    else room.release()
    answered()
  })
}

function refuseMisled(guard: ReturnType<typeof webGuard>, request: IncomingMessage): void {
  const refusal = guard(request)
  if (refusal) throw refuse(refusal.status, refusal.message)
}

function entrance({ keys, pressure, runtime }: ServerParts): (request: FastifyRequest) => void {
  const logins = openLogins(runtime)
  return (request) => {
    const address = clientAddress(request.ip)
    const known = keys.current()
    if (known && !isPublic(request)) {
      const { name, grants } = logins.enter(address, presentedKey(request.headers), known)
      request.client = name
      request.grants = grants
    }
    request.room = pressure.open(request.client ?? address)
  }
}

function isPublic({ routeOptions }: FastifyRequest): boolean {
  return (routeOptions.config as { readonly isPublic?: boolean }).isPublic === true
}
