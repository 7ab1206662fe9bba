import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import wabt from 'wabt'
import { READ_MODULE } from '../../src/avro/read-module.ts'
import { GATHER_MODULE } from '../../src/columns/gather-module.ts'
import { FIND_MODULE } from '../../src/protobuf/find-module.ts'
import { JsonWriter } from '../../src/transcode/json-writer.ts'
import { TEXT_MODULE } from '../../src/transcode/text-module.ts'
import { placeMessages } from '../../src/transcode/work-memory.ts'

test.each([
  ['transcode/text.wat', TEXT_MODULE],
  ['columns/gather.wat', GATHER_MODULE],
  ['avro/read.wat', READ_MODULE],
  ['protobuf/find.wat', FIND_MODULE],
])('the module is what %s says', async (file, module) => {
  const source = await readFile(new URL(`../../src/${file}`, import.meta.url), 'utf8')
  const { parseWat } = await wabt()
  const { buffer } = parseWat(file, source, { simd: true, threads: true }).toBinary({})
  expect(Buffer.from(buffer).toString('base64')).toBe(module)
})

const anyText = fc.array(
  fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('"', '\\', '\n', '\u0000', '\u001f', '\u007f', 'é€😀', 'a'.repeat(40)),
  ),
)

test('a text is what JSON says, wherever its bytes are and however many follow', () => {
  const property = fc.property(fc.array(anyText, { minLength: 1 }), fc.boolean(), (parts, isPlaced) => {
    const texts = parts.map((part) => part.join(''))
    const bytes = Buffer.from(texts.join(''))
    const from = isPlaced ? placeMessages(bytes).there : bytes
    const to = new JsonWriter(1)
    let start = 0
    for (const text of texts) {
      to.byte(start === 0 && to.at === 0 ? 0x5b : 0x2c)
      to.text(from, start, start + Buffer.byteLength(text))
      start += Buffer.byteLength(text)
    }
    to.byte(0x5d)
    expect(JSON.parse(finished(to).toString())).toEqual(texts)
  })
  fc.assert(property)
})

test('the memory grows under a block that is being read', () => {
  const bytes = Buffer.from('"\\x'.repeat(1 << 17))
  const { there: from } = placeMessages(bytes)
  const to = new JsonWriter(16)
  for (let i = 0; i < 20; i++) to.text(from, 0, bytes.length)
  const written = finished(to)
  expect(written.length).toBe(20 * (2 + 5 * (1 << 17)))
  expect(JSON.parse(Buffer.from(written.subarray(0, written.length / 20)).toString())).toBe(bytes.toString())
})

function finished(to: JsonWriter): Buffer {
  const written = Buffer.alloc(to.at)
  to.finishInto(written)
  return written
}
