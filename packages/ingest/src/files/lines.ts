import { createReadStream } from 'node:fs'

const [LINE_FEED, CARRIAGE_RETURN] = [0x0a, 0x0d]
const BLOCK_BYTES = 1 << 20

/** Yields the lines of a file without the empty ones. */
export async function* linesOf(path: string): AsyncGenerator<Uint8Array[]> {
  let begun: Uint8Array = new Uint8Array()
  for await (const block of createReadStream(path, { highWaterMark: BLOCK_BYTES })) {
    const bytes = begun.length === 0 ? (block as Buffer) : Buffer.concat([begun, block])
    const lines: Uint8Array[] = []
    let start = 0
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      add(lines, bytes.subarray(start, end))
      start = end + 1
    }
    begun = bytes.subarray(start)
    if (lines.length > 0) yield lines
  }
  const last: Uint8Array[] = []
  add(last, begun)
  if (last.length > 0) yield last
}

function add(lines: Uint8Array[], line: Uint8Array): void {
  const kept = line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line
  if (kept.length > 0) lines.push(kept)
}
