import type { Runtime } from '@millrace/base'
import type { Heartbeat, LeaseStore } from './lease-store.ts'

/** Sends this worker's heartbeats, and ends its leases when too few of them have arrived. */
export interface HeartbeatSender {
  /** This worker's id; it changes after each failure. */
  readonly workerId: string
  /** Whether a heartbeat under this id is in the store. */
  readonly isVisible: boolean
  /** Sends a heartbeat now; settles when others can see it. */
  sendNow(): Promise<void>
  stop(): Promise<void>
}

/** Heartbeats in the time after which a lease expires. */
const BEATS_PER_EXPIRY = 5

export interface HeartbeatOptions {
  readonly leaseStore: LeaseStore
  readonly expiryMs: number
  readonly runtime: Runtime
  content(): Omit<Heartbeat, 'count'>
  /** Called when no heartbeat has arrived for half of the expiry time: others may soon take this worker's leases. */
  failed(workerId: string): void
}

export function startHeartbeats({ leaseStore, expiryMs, runtime, content, failed }: HeartbeatOptions): HeartbeatSender {
  const stopping = new AbortController()
  const { signal } = stopping
  let workerId = runtime.uuid()
  let isVisible = false
  let count = 0
  let lastArrived = runtime.monotonic()

  const sendNow = async () => {
    const [mine, begun] = [workerId, runtime.monotonic()]
    await leaseStore.beat(mine, { count: count++, ...content() })
    if (mine !== workerId) return
    isVisible = true
    lastArrived = Math.max(lastArrived, begun)
  }
  const failIfSilent = () => {
    if (runtime.monotonic() - lastArrived < expiryMs / 2) return
    const silent = workerId
    workerId = runtime.uuid()
    isVisible = false
    lastArrived = runtime.monotonic()
    failed(silent)
  }
  const keepSending = async () => {
    while (!signal.aborted) {
      await runtime.sleep(expiryMs / BEATS_PER_EXPIRY, signal).catch(() => {})
      // The whole process may have been paused: check before sending.
      failIfSilent()
      if (signal.aborted) return
      const patience = new AbortController()
      const left = Math.max(0, lastArrived + expiryMs / 2 - runtime.monotonic())
      const limit = runtime.sleep(left, AbortSignal.any([signal, patience.signal])).catch(() => {})
      await Promise.race([sendNow().catch(() => {}), limit])
      patience.abort()
      failIfSilent()
    }
  }
  const sending = keepSending()
  return {
    get workerId() {
      return workerId
    },
    get isVisible() {
      return isVisible
    },
    sendNow,
    async stop() {
      stopping.abort()
      await sending
    },
  }
}
