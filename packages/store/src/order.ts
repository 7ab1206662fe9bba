const SURROGATE = /[\ud800-\udfff]/

/** Compares by UTF-8 bytes, as S3 does. JavaScript's own order is the same for text without surrogates. */
export function compareUtf8(a: string, b: string): number {
  if (SURROGATE.test(a) || SURROGATE.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : a > b ? 1 : 0
}

export function sortByUtf8(keys: string[]): string[] {
  return keys.some((key) => SURROGATE.test(key)) ? keys.sort(compareUtf8) : keys.sort()
}
