import type { KeyHash } from './keys.ts'
import type { Limits } from './limits.ts'

export interface GatewayOptions {
  readonly listen: { readonly host: string; readonly port: number }
  /** Where the records go. */
  readonly to: string
  /** Who may come in; without any, and without a key file, everybody who can reach it. */
  readonly keys: readonly KeyHash[]
  /** Keys that can change while it runs. */
  readonly keyFile?: string
  /** Receives notes about the keys for the operator of the gateway. */
  readonly report?: (note: string) => void
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Lets keys travel without TLS from other machines. */
  readonly plainHttp?: boolean
  /** Lets a key with the role `admin` remove topics. */
  readonly allowDelete?: boolean
  /** Names under which it is reached besides its own, such as a proxy's. */
  readonly hostNames?: readonly string[]
  /** The largest body. */
  readonly maxBodyBytes: number
  /** Limit for one client. */
  readonly requestsPerSecond?: number
  /** Data sets whose topics take only what fits them. */
  readonly validate?: { readonly datasets: readonly string[]; readonly folders: readonly string[] }
  /** Data sets whose records are also taken one a request, at `POST /<name>/`. */
  readonly recordPaths?: { readonly datasets: readonly string[]; readonly folders: readonly string[] }
  /** A file, or the number of one that is open. */
  readonly accessLog: string | number
  /** Others than LIMITS, so that a test need not wait for those. */
  readonly limits?: Partial<Limits>
}
