import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

const uuidOf = (id: number) => `c3b1a2f0-8d4e-4f6a-9b7c-${id.toString(16).padStart(12, '0')}`

/** Gives the schemas of a registry UUIDs, as Confluent's does from its version 8 on and Apicurio does not. Returns its address. */
export async function registryWithUuids(url: string): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = await request.toArray()
    const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}
    const byUuid = /^\/schemas\/guids\/.*-([0-9a-f]{12})/.exec(request.url ?? '')
    const path = byUuid ? `/schemas/ids/${Number.parseInt(byUuid[1] ?? '', 16)}` : request.url
    const headers = { 'content-type': request.headers['content-type'] ?? 'application/json' }
    const answer = await fetch(`${url}${path}`, { method: request.method ?? 'GET', headers, ...body })
    const said = (await answer.json()) as { id?: number }
    response.writeHead(answer.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(said.id === undefined ? said : { ...said, guid: uuidOf(said.id) }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
