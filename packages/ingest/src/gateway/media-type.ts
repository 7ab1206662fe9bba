import type { FastifyRequest } from 'fastify'
import { refuse } from './refusal.ts'

const JSON_TYPE = /^application\/(?:(?:[\w.-]+\+)?json|x-amz-json-1\.[01])$/i

/** A page of any site can have a browser send a form or a text; for JSON it would have to ask first. */
export function refuseOtherThanJson({ headers, method }: FastifyRequest): void {
  if (method === 'GET' || method === 'HEAD') return
  const type = headers['content-type']
  if (type === undefined ? !bringsBody(headers) : JSON_TYPE.test(essence(type))) return
  throw refuse(415, 'HTTP 415 Unsupported Media Type: send JSON, and say so by Content-Type: application/json')
}

function bringsBody(headers: FastifyRequest['headers']): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function essence(type: string): string {
  const end = type.indexOf(';')
  return (end < 0 ? type : type.slice(0, end)).trim()
}
