/** Undeclared members of the driver that we use; its minor version is pinned for that. */
declare module 'cassandra-driver/lib/connection.js' {
  import type { EventEmitter } from 'node:events'
  import type { Socket } from 'node:net'
  import type { Parser, Protocol } from 'cassandra-driver/lib/streams.js'

  class Connection extends EventEmitter {
    readonly options: { readonly applicationName?: string }
    netClient: Socket
    protocol: Protocol
    parser: Parser
    /** Pending requests by the number of their stream. */
    _operations: ReadonlyMap<number, unknown>
    bindSocketListeners(): void
    handleResult(...result: unknown[]): void
    handleRow(...row: unknown[]): void
    handleNodeEvent(...event: unknown[]): void
    freeStreamId(header: unknown): void
    /** Fails all pending requests. */
    clearAndInvokePending(error: Error): void
  }

  // biome-ignore lint/style/noDefaultExport: a module of CommonJS exports it alone
  export { Connection as default }
}

declare module 'cassandra-driver/lib/streams.js' {
  import type { Transform, Writable } from 'node:stream'
  import type { FrameReader } from 'cassandra-driver/lib/readers.js'

  export class Protocol extends Transform {}
  export class Parser extends Transform {
    parseRows(frame: Frame, reader: FrameReader): void
    handleParsingError(error: Error, frame: Frame, reader: null): void
  }
  export class ResultEmitter extends Writable {}

  export interface Frame {
    readonly meta: { readonly columns: readonly unknown[] }
  }
}

declare module 'cassandra-driver/lib/readers.js' {
  export class FrameReader {
    readonly header: { readonly version: number }
    readonly buf: Buffer
    readonly offset: number
    readMetadata(kind: number): unknown
  }
}
