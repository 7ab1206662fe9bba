import type { FastifyInstance, HTTPMethods } from 'fastify'
import { refuse } from './refusal.ts'

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Gathers what the paths take; `complete` has every other method of theirs answered with 405 and what is allowed. */
export function refuseOtherMethods(app: FastifyInstance): { complete(): void } {
  const taken = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = taken.get(url) ?? new Set()
    for (const each of [method].flat()) methods.add(each)
    taken.set(url, methods)
  })
  return {
    complete() {
      for (const [url, methods] of [...taken]) {
        const allow = [...methods].sort().join(', ')
        app.route({
          method: METHODS.filter((method) => !methods.has(method)),
          url,
          handler: (_request, reply) => {
            reply.header('allow', allow)
            throw refuse(405, 'HTTP 405 Method Not Allowed')
          },
        })
      }
    },
  }
}
