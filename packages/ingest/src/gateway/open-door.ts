import { isLoopback, MillraceError } from '@millrace/base'
import type { GatewayOptions } from './options.ts'

/** A gateway that can be reached from elsewhere asks for keys, and lets nobody on the way read them. */
export function refuseOpenDoor({ listen, keys, keyFile, tls, plainHttp = false }: GatewayOptions): void {
  if (isLoopback(listen.host)) return
  if (keys.length > 0 || keyFile !== undefined) {
    if (tls || plainHttp) return
    throw new MillraceError('CONFIG_INVALID', `keys would travel in plain to ${listen.host}:${listen.port}`, {
      next: 'Give it a certificate and its key; or allow plain HTTP where a proxy before it speaks TLS; or listen on 127.0.0.1.',
    })
  }
  throw new MillraceError('CONFIG_INVALID', `everybody could write through ${listen.host}:${listen.port}`, {
    next: 'Give it keys, by a key file or MILLRACE_GATEWAY_KEYS, or listen on 127.0.0.1.',
  })
}
