import type { IncomingMessage } from 'node:http'
import type { Runtime } from '@millrace/base'
import type { FastifyRequest } from 'fastify'
import type { Limits } from './limits.ts'
import type { Pressure } from './pressure.ts'
import { refuse } from './refusal.ts'

type Done = (error: Error | null, body?: Buffer) => void

/** Reads a request's body; its room is taken as the bytes arrive, whatever length it claims to have. */
export type BodyReader = (request: FastifyRequest, payload: IncomingMessage, done: Done) => void

interface Reading {
  received: number
  /** What had come, and when, at the last look. */
  seen: { readonly bytes: number; readonly at: number } | undefined
  readonly giveUp: () => void
}

interface BodyReaderParts {
  readonly pressure: Pressure
  readonly limits: Limits
  readonly maxBodyBytes: number
  readonly runtime: Runtime
}

export function openBodyReader({ pressure, limits, maxBodyBytes, runtime }: BodyReaderParts): BodyReader {
  const watchPace = openPaceWatch(pressure, limits, runtime)
  return (request, payload, done) => {
    const claimed = Number(request.headers['content-length'] ?? Number.NaN)
    if (claimed > maxBodyBytes) return done(tooLarge(maxBodyBytes))
    const body = gatherBody(claimed)
    let stopWatching: (() => void) | undefined
    const finish = (error: Error | null, body?: Buffer) => {
      stopWatching?.()
      payload.off('data', onData).off('end', onEnd).off('error', onError)
      done(error, body)
    }
    const reading: Reading = { received: 0, seen: undefined, giveUp: () => finish(tooSlow()) }
    const onData = (chunk: Buffer) => {
      reading.received += chunk.length
      request.bytes = reading.received
      if (reading.received > maxBodyBytes) return finish(tooLarge(maxBodyBytes))
      try {
        request.room.take(chunk.length)
      } catch (error) {
        return finish(error as Error)
      }
      body.add(chunk)
    }
    const onEnd = () => finish(null, body.whole())
    const onError = () => finish(refuse(400, 'the body ended too early'))
    payload.on('data', onData).on('end', onEnd).on('error', onError)
    // Most bodies are there already: they come before anybody looks.
    if (!payload.complete) stopWatching = watchPace(reading)
    return undefined
  }
}

interface Body {
  add(chunk: Buffer): void
  whole(): Buffer
}

/**
 * Gathers a body that comes in pieces in one place of its claimed length, so that it is never there twice: of that
 * place, memory is taken only for what has come.
 */
function gatherBody(claimed: number): Body {
  const chunks: Buffer[] = []
  let place: Buffer | undefined
  let length = 0
  return {
    add(chunk) {
      if (place === undefined && chunk.length < claimed) place = Buffer.allocUnsafeSlow(claimed)
      if (place) place.set(chunk, length)
      else chunks.push(chunk)
      length += chunk.length
    },
    whole: () => place?.subarray(0, length) ?? Buffer.concat(chunks, length),
  }
}

/** Gives up the bodies that come too slowly, sooner while room is scarce. */
function openPaceWatch(pressure: Pressure, limits: Limits, runtime: Runtime): (reading: Reading) => () => void {
  const readings = new Set<Reading>()
  let looking = false
  const look = async () => {
    looking = true
    let lookedAt = runtime.monotonic()
    while (readings.size > 0) {
      await runtime.sleep(limits.lookEveryMs)
      const now = runtime.monotonic()
      // When this process was held up itself, nobody else is to blame.
      const wasHeldUp = now - lookedAt > 2 * limits.lookEveryMs
      lookedAt = now
      const patienceMs = pressure.isTight() ? limits.slowAfterMs / 5 : limits.slowAfterMs
      for (const reading of readings) checkPace(reading, { now, patienceMs, wasHeldUp }, limits)
    }
    looking = false
  }
  return (reading) => {
    readings.add(reading)
    if (!looking) void look()
    return () => readings.delete(reading)
  }
}

interface Moment {
  readonly now: number
  readonly patienceMs: number
  readonly wasHeldUp: boolean
}

function checkPace(reading: Reading, { now, patienceMs, wasHeldUp }: Moment, limits: Limits): void {
  const { received, seen } = reading
  if (!seen || wasHeldUp) {
    reading.seen = { bytes: received, at: now }
    return
  }
  const elapsed = now - seen.at
  if (elapsed < patienceMs) return
  if (received - seen.bytes < (limits.bodyBytesPerSecond * elapsed) / 1000) reading.giveUp()
  else reading.seen = { bytes: received, at: now }
}

function tooLarge(maxBodyBytes: number) {
  return refuse(413, `the body is larger than ${maxBodyBytes} bytes`)
}

function tooSlow() {
  return refuse(408, 'the body came too slowly')
}
