/** Which half of 64 bits comes first in this machine's memory. */
const LOW = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1

/** Writes an offset into the memory of a BigInt64Array in two halves, which allocates no bigint. */
export function writeOffset(halves: Int32Array, index: number, offset: number): void {
  halves[2 * index + LOW] = offset
  halves[2 * index + 1 - LOW] = offset / 2 ** 32
}
