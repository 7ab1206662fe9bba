import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { forwarded } from '@millrace/testkit'
import type { TestContext } from 'vitest'

/** How a server looks from here, for as long as it is so. */
export type Weather =
  | 'fine'
  /** Connections break. */
  | 'down'
  /** Every answer takes a while, and a little more or less than the last. */
  | 'slow'
  /** What the server itself would say. */
  | { readonly status: number; readonly code: string }

export interface Changeable {
  readonly endpoint: string
  weather: Weather
  /** Requests that met anything but fine weather. */
  readonly troubled: number
}

/** Stands before a real server, and lets through what the weather lets through. */
export async function openChangeable(
  upstream: string,
  onTestFinished: TestContext['onTestFinished'],
): Promise<Changeable> {
  const state = { weather: 'fine' as Weather, troubled: 0 }
  const proxy = createServer(async (incoming, outgoing) => {
    const { weather } = state
    if (weather !== 'fine') state.troubled++
    if (weather === 'down') incoming.socket.destroy()
    else if (typeof weather === 'object') refuse(incoming, outgoing, weather)
    else {
      if (weather === 'slow') await pause(200 + (state.troubled % 7) * 100)
      await passOn(upstream, incoming, outgoing)
    }
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    proxy.close()
    proxy.closeAllConnections()
  })
  return Object.assign(state, { endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` })
}

function refuse(incoming: IncomingMessage, outgoing: ServerResponse, { status, code }: Exclude<Weather, string>): void {
  incoming.resume()
  outgoing.writeHead(status, { 'content-type': 'application/xml' })
  outgoing.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>on purpose</Message></Error>`)
}

async function passOn(upstream: string, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  try {
    const { status, headers, body } = await forwarded(upstream, incoming)
    outgoing.writeHead(status, headers)
    outgoing.end(body)
  } catch {
    outgoing.destroy()
  }
}
