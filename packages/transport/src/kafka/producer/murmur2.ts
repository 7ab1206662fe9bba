const SEED = 0x9747b28c
const MULTIPLIER = 0x5bd1e995

/**
 * The hash by which Java's producer finds the partition of a key. Our own, because the client library's grows a
 * big integer with every byte: a key of 1 MB took it minutes, in which the process did nothing else.
 */
export function murmur2(data: Uint8Array): number {
  const { length } = data
  const whole = length & ~3
  const byte = (at: number) => data[at] ?? 0
  let hash = SEED ^ length
  for (let at = 0; at < whole; at += 4) {
    let four = byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16) | (byte(at + 3) << 24)
    four = Math.imul(four, MULTIPLIER)
    four = Math.imul(four ^ (four >>> 24), MULTIPLIER)
    hash = Math.imul(hash, MULTIPLIER) ^ four
  }
  if (length > whole) {
    hash = Math.imul(hash ^ byte(whole) ^ (byte(whole + 1) << 8) ^ (byte(whole + 2) << 16), MULTIPLIER)
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER)
  return hash ^ (hash >>> 15)
}
