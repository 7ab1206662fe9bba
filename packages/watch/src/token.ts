import { createHash, timingSafeEqual } from 'node:crypto'
import { isLoopback, MillraceError, presentedKey, weaknessOf } from '@millrace/base'
import type { FastifyInstance } from 'fastify'

/** Access rules of the dashboard. */
export interface Access {
  /** Token that every request must present. Without one, the dashboard is open to this machine only. */
  readonly token?: string
  /** Additional host names of the dashboard, such as a proxy's. */
  readonly hostNames?: readonly string[]
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether the request presented the token or none is needed. */
    isKnown: boolean
  }
}

/** Route options of a path that needs no token. */
export const PUBLIC = { config: { isPublic: true } }

/** Throws if other machines could reach the dashboard without a strong token. */
export function refuseOpenDashboard({ host, port }: { readonly host: string; readonly port: number }, access?: Access) {
  const token = access?.token
  const weakness = token === undefined ? undefined : weaknessOf(token)
  if (weakness !== undefined) throw refused(`the token of the dashboard is weak: ${weakness}`)
  if (token === undefined && !isLoopback(host))
    throw refused(`the dashboard on ${host}:${port} would be open to everybody`)
}

function refused(message: string): MillraceError {
  return new MillraceError('CONFIG_INVALID', message, {
    next: 'Put a token into MILLRACE_DASHBOARD_TOKEN, such as from `openssl rand -hex 32`, or listen on 127.0.0.1.',
  })
}

/** Requires the token: browsers send it as the password, programs as `Authorization: Bearer` or `X-Api-Key`. */
export function askForToken(app: FastifyInstance, token: string | undefined): void {
  app.decorateRequest('isKnown', true)
  if (token === undefined) return
  const expected = digest(token)
  app.addHook('onRequest', async (request, reply) => {
    const presented = presentedKey(request.headers)
    request.isKnown = presented !== undefined && timingSafeEqual(digest(presented), expected)
    const { isPublic = false } = request.routeOptions.config as { readonly isPublic?: boolean }
    if (request.isKnown || isPublic) return
    const challenge = 'Basic realm="Millrace, the token as the password", charset="UTF-8"'
    return reply.code(401).header('www-authenticate', challenge).send({ error: 'the token is needed' })
  })
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
