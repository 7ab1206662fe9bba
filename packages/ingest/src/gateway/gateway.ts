import { MillraceError, type Runtime } from '@millrace/base'
import { openCatalog, openProducer } from '@millrace/transport'
import { openAccessLog } from './access-log.ts'
import { openChecker } from './check-records.ts'
import { openKeyRing } from './key-ring.ts'
import { LIMITS } from './limits.ts'
import { refuseOpenDoor } from './open-door.ts'
import type { GatewayOptions } from './options.ts'
import { openPressure } from './pressure.ts'
import { loadRecordPaths } from './record/routes.ts'
import { buildServer } from './server.ts'
import { type GatewayTotals, openGatewayService } from './service.ts'

export interface Gateway {
  readonly url: string
  readonly totals: Readonly<GatewayTotals>
  /** Takes no new request, answers those that it has, then ends. */
  close(): Promise<void>
}

export async function openGateway(options: GatewayOptions, runtime: Runtime): Promise<Gateway> {
  refuseOpenDoor(options)
  const limits = { ...LIMITS, ...options.limits }
  const { requestsPerSecond, maxBodyBytes, tls, keyFile, hostNames = [], report = () => {} } = options
  const keys = await openKeyRing({ keys: options.keys, keyFile, report, lookEveryMs: limits.keyFileEveryMs }, runtime)
  const totals: GatewayTotals = { requests: 0, records: 0, bytes: 0, refused: 0 }
  const log = openAccessLog(options.accessLog)
  const checker = options.validate && (await openChecker(options.validate, runtime))
  const recordPaths = options.recordPaths
    ? await loadRecordPaths(options.recordPaths.datasets, options.recordPaths.folders)
    : []
  const [producer, catalog] = await Promise.all([openProducer(options.to, runtime), openCatalog(options.to)])
  const { allowDelete = false } = options
  const service = openGatewayService({ producer, catalog, runtime, totals, limits, allowDelete, check: checker?.check })
  const bounds = { limits, maxBodyBytes, requestsPerSecond, pressure: openPressure(limits.heldBytes) }
  const { host } = options.listen
  const app = await buildServer({ service, keys, recordPaths, log, totals, runtime, host, hostNames, tls, ...bounds })
  const close = async () => {
    await app.close()
    await Promise.all([producer.close(), catalog.close(), checker?.close(), keys.close()])
    await log.close()
  }
  try {
    await app.listen(options.listen)
  } catch (error) {
    await close()
    throw cannotListen(options.listen, error as Error)
  }
  return { url: urlOf(app.server.address(), tls !== undefined), totals, close }
}

function cannotListen({ host, port }: GatewayOptions['listen'], cause: Error): MillraceError {
  const taken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
  const why = taken ? 'another program has this port' : cause.message
  return new MillraceError('CONFIG_INVALID', `the gateway cannot listen at ${host}:${port}: ${why}`, {
    cause,
    next: 'Choose another address for the gateway, or end what has this one.',
  })
}

function urlOf(address: ReturnType<import('node:net').Server['address']>, secure: boolean): string {
  if (address === null || typeof address === 'string') return String(address)
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `${secure ? 'https' : 'http'}://${host}:${address.port}`
}
