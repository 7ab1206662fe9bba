import { zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { decodeEntry } from '../../src/archive/entry.ts'

test('an entry of brackets alone is refused before it is parsed', async () => {
  const bomb = zstdCompressSync('['.repeat(600_000) + ']'.repeat(600_000))
  await expect(decodeEntry(bomb, 'entry')).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' })
})
