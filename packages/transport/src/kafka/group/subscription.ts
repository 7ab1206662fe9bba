/** The topics that a reader wants. They may become others while it reads. */
export interface Subscription {
  readonly topics: readonly string[]
  /** Grows with each change: a member that joined its group with an older one joins again. */
  readonly version: number
  change(topics: readonly string[]): void
}

export function subscriptionTo(first: readonly string[]): Subscription {
  let topics = first
  let version = 0
  return {
    get topics() {
      return topics
    },
    get version() {
      return version
    },
    change(wanted) {
      topics = wanted
      version++
    },
  }
}
