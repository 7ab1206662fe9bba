import type { JoinedValues } from '@millrace/base'

/** As much as the worker gathers before it writes. */
const BATCH_BYTES = 24 << 20

/** Lines of JSON as a source hands messages over: their bytes, and where each ends. */
export function* joinedLines(lines: Buffer): Generator<JoinedValues> {
  for (let from = 0; from < lines.length; ) {
    const last = lines.lastIndexOf('\n', from + BATCH_BYTES)
    const bytes = lines.subarray(from, last + 1)
    const ends: number[] = []
    for (let end = bytes.indexOf('\n'); end >= 0; end = bytes.indexOf('\n', end + 1)) ends.push(end)
    const traits = { nulls: false, lineBreaks: false, longest: 1 << 20, first: 0x7b }
    yield { count: ends.length, bytes, ends: Int32Array.from(ends), traits }
    from = last + 1
  }
}
