import { redact } from '@millrace/base'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type DestinationStream, pino } from 'pino'

/** One line of JSON a request, with who did what to which topic, and one for each failure of our own. */
export interface AccessLog {
  answered(request: FastifyRequest, reply: FastifyReply, milliseconds: number): void
  failed(request: FastifyRequest, error: unknown): void
  /** Writes what is still in memory, and lets go of the file. */
  close(): Promise<void>
}

/** Written when so much has gathered: a call to the system for each line would cost more than the line. */
const GATHER_BYTES = 32 << 10
const FLUSH_EVERY_MS = 500
const LONGEST_PATH = 500

/** To a file, which is for its owner only where it is new, or to one that is open already, by its number. */
export function openAccessLog(to: string | number): AccessLog {
  const destination = pino.destination({ dest: to, sync: false, mkdir: true, mode: 0o600 })
  // Nobody who reads along may stop the gateway by going away.
  destination.on('error', () => {})
  const opened = new Promise<boolean>((resolve) => {
    destination.once('ready', () => resolve(true)).once('error', () => resolve(false))
  })
  const options = { base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: withoutSecrets } }
  // Gathered here: the destination would measure all that it has gathered at each line.
  let lines: string[] = []
  let length = 0
  const flush = () => {
    if (length === 0) return
    destination.write(lines.join(''))
    lines = []
    length = 0
  }
  const gathering: DestinationStream = {
    write(line) {
      length += line.length
      lines.push(line)
      if (length >= GATHER_BYTES) flush()
    },
  }
  const log = pino(options, gathering)
  const timer = setInterval(flush, FLUSH_EVERY_MS).unref()
  return {
    answered(request, reply, milliseconds) {
      const { id, method, originalUrl: url, ip, client, action } = request
      const { statusCode } = reply
      const gone = !reply.raw.writableFinished
      log.info({
        ...{ id, method, path: pathOf(url), status: gone ? CLIENT_GONE : statusCode },
        ms: Math.round(milliseconds * 100) / 100,
        bytes: request.bytes,
        ...{ ip, client },
        ...action,
      })
    },
    failed: ({ id, method, url }, error) => log.error({ id, method, path: pathOf(url), err: error }, 'failed'),
    async close() {
      clearInterval(timer)
      if (!(await opened)) return
      flush()
      destination.flushSync()
      if (typeof to === 'string') destination.destroy()
    },
  }
}

/** A library's message may carry an address as ours never would. */
function withoutSecrets(error: Error): unknown {
  return JSON.parse(redact(JSON.stringify(pino.stdSerializers.err(error))))
}

/** The status that nginx writes for a client that hung up. */
const CLIENT_GONE = 499

/** Leaves out the query, which may hold secrets. */
function pathOf(url: string): string {
  const mark = url.indexOf('?')
  return (mark < 0 ? url : url.slice(0, mark)).slice(0, LONGEST_PATH)
}
