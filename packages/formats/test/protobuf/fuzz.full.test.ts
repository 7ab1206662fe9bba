import fc from 'fast-check'
import { test } from 'vitest'
import { openFormat } from '../../src/index.ts'
import { readMutated } from '../fuzz.ts'
import { anyNode, encodeNode } from './samples.ts'
import { TREE } from './tree.ts'

test('a million messages changed in some bytes are records or rejected, in bounded memory', async () => {
  const samples = fc.sample(anyNode, { numRuns: 500, seed: 7 }).map(encodeNode)
  const some = samples.filter(({ length }) => length > 20 && length < 2000)
  await readMutated(
    openFormat({ name: 'protobuf', message: 'Node', schemas: [{ name: 'tree.proto', text: TREE }] }),
    some,
  )
}, 600_000)
