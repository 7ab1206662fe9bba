/** Which of the shards are this reader's, by their keys. The leases of a lake are one. */
export interface Sharing {
  /** What there is to be shared from now on; settles when this reader has taken its part. */
  share(names: readonly string[]): Promise<void>
  /** Says that a name of ours needs no more work, or that it does again. */
  finish(name: string, finished: boolean): void
  /** Whether whoever has it says that it needs no more work. */
  finished(name: string): boolean
  close(): Promise<void>
}

export interface ShareListener {
  gained(names: readonly string[]): Promise<void>
  /** What is lost may go to others when this settles. */
  lost(names: readonly string[]): Promise<void>
}

export type OpenSharing = (listener: ShareListener) => Sharing

/** A reader without a group has all there is. */
export function allOurs({ gained, lost }: ShareListener): Sharing {
  const ours = new Set<string>()
  const isFinished = new Set<string>()
  return {
    async share(names) {
      const [fresh, gone] = [new Set(names).difference(ours), ours.difference(new Set(names))]
      for (const name of fresh) ours.add(name)
      for (const name of gone) ours.delete(name)
      if (gone.size > 0) await lost([...gone])
      if (fresh.size > 0) await gained([...fresh])
    },
    finish(name, finished) {
      if (finished) isFinished.add(name)
      else isFinished.delete(name)
    },
    finished: (name) => isFinished.has(name),
    close: async () => {},
  }
}
