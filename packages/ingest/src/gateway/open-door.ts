import { MillraceError } from '@millrace/base'
import type { GatewayOptions } from './gateway.ts'

/** Whoever can be reached from elsewhere asks for a key. */
export function refuseOpenDoor({ listen, keys }: Pick<GatewayOptions, 'listen' | 'keys'>): void {
  if (keys.length > 0 || isLoopback(listen.host)) return
  throw new MillraceError('CONFIG_INVALID', `everybody could write through ${listen.host}:${listen.port}`, {
    next: 'Give keys by --key-file or MILLRACE_GATEWAY_KEYS, or listen on 127.0.0.1.',
  })
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
