/** As far as the test uses it. */
declare module 'kafka-rest' {
  type Done = (error: unknown, value?: unknown) => void

  interface Topic {
    produce(...args: unknown[]): void
    get(done: Done): void
    readonly partitions: { list(done: Done): void; partition(id: number): { produce(...args: unknown[]): void } }
  }

  class Client {
    constructor(config: { readonly url: string })
    readonly topics: { list(done: Done): void }
    topic(name: string): Topic
  }

  export = Client
}
