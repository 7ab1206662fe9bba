import avsc from 'avsc'
import { test } from 'vitest'
import { openFormat } from '../../src/index.ts'
import { readMutated } from '../fuzz.ts'
import { TREE } from './tree.ts'

test('a million messages changed in some bytes are records or rejected, in bounded memory', async () => {
  const type = avsc.Type.forSchema(TREE as avsc.Schema)
  const samples = Array.from({ length: 500 }, () => type.toBuffer(type.random())).filter(({ length }) => length < 2000)
  await readMutated(openFormat({ name: 'avro', framing: 'none', schemas: [TREE] }), samples)
}, 600_000)
