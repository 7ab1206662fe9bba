import type { Runtime } from '@millrace/base'
import type { AccessLog } from './access-log.ts'
import type { KeyRing } from './key-ring.ts'
import type { Limits } from './limits.ts'
import type { Pressure } from './pressure.ts'
import type { RecordPaths } from './record/routes.ts'
import type { GatewayService, GatewayTotals } from './service.ts'

export interface ServerParts {
  readonly service: GatewayService
  readonly keys: KeyRing
  readonly recordPaths: RecordPaths
  readonly log: AccessLog
  readonly pressure: Pressure
  readonly limits: Limits
  readonly totals: GatewayTotals
  readonly runtime: Runtime
  /** Where it listens, and the names under which it is reached besides. */
  readonly host: string
  readonly hostNames: readonly string[]
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  readonly maxBodyBytes: number
  readonly requestsPerSecond: number | undefined
}
