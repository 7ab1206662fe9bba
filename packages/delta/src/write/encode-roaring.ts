const PORTABLE = 1681511377
const COOKIE = 12346
const MOST_IN_ARRAY = 4096
const CONTAINER_ROWS = 65_536
const BITS_BYTES = 8192

/**
 * Returns row numbers below 2^32 as a 64-bit Roaring bitmap in the form of Delta's files: arrays of few rows and bits of
 * many, no runs. `rows` must be sorted and differ.
 */
export function encodeRoaring(rows: readonly number[]): Buffer {
  const containers = containersOf(rows)
  const [head, keys, offsets] = [
    Buffer.alloc(24),
    Buffer.alloc(containers.length * 4),
    Buffer.alloc(containers.length * 4),
  ]
  head.writeUInt32LE(PORTABLE, 0)
  // One bitmap of 32-bit numbers, whose high half is 0.
  head.writeBigUInt64LE(rows.length === 0 ? 0n : 1n, 4)
  if (rows.length === 0) return head.subarray(0, 12)
  head.writeUInt32LE(0, 12)
  head.writeUInt32LE(COOKIE, 16)
  head.writeUInt32LE(containers.length, 20)
  let offset = 8 + containers.length * 8
  const bodies = containers.map(({ key, low }, i) => {
    keys.writeUInt16LE(key, i * 4)
    keys.writeUInt16LE(low.length - 1, i * 4 + 2)
    offsets.writeUInt32LE(offset, i * 4)
    const body = low.length > MOST_IN_ARRAY ? bits(low) : array(low)
    offset += body.length
    return body
  })
  return Buffer.concat([head, keys, offsets, ...bodies])
}

interface Container {
  readonly key: number
  /** The low halves of its rows. */
  readonly low: number[]
}

function containersOf(rows: readonly number[]): Container[] {
  const containers: Container[] = []
  for (const row of rows) {
    const key = Math.floor(row / CONTAINER_ROWS)
    if (containers.at(-1)?.key !== key) containers.push({ key, low: [] })
    containers.at(-1)?.low.push(row % CONTAINER_ROWS)
  }
  return containers
}

function array(low: readonly number[]): Buffer {
  const body = Buffer.alloc(low.length * 2)
  for (const [i, row] of low.entries()) body.writeUInt16LE(row, i * 2)
  return body
}

function bits(low: readonly number[]): Buffer {
  const body = Buffer.alloc(BITS_BYTES)
  for (const row of low) body[row >> 3] = (body[row >> 3] ?? 0) | (1 << (row & 7))
  return body
}
