/** Takes a part of the output. Resolves when there is room for more. */
export type Sink = (part: string | Uint8Array) => Promise<void>
