import type { FastifyReply } from 'fastify'

/** A text under exactly this type; Fastify would put a charset behind it, which clients of the proxies do not expect. */
export function sendPlain(reply: FastifyReply, type: string, text: string): FastifyReply {
  return reply.type(type).serializer(asIs).send(text)
}

function asIs(text: string): string {
  return text
}
