import { readFileSync } from 'node:fs'
import { joinValues, parseWithNumberText, valueAt } from '@millrace/base'
import { describe, expect, test } from 'vitest'
import { type FormatDescription, openFormat } from '../src/index.ts'

/** What others have written, and what is to be read of it; null where it is to be rejected. Made by make_vectors.py. */
interface Vector {
  readonly name: string
  readonly message: string
  readonly record: unknown
}

const load = (name: string) => readFileSync(new URL(`vectors/${name}`, import.meta.url), 'utf8')

/** Numbers are compared digit for digit, and those with an exponent by their value. */
function comparable(value: unknown): unknown {
  if (typeof value === 'string' && /^-?\d+(\.\d+)?e[+-]?\d+$/.test(value)) return String(Number(value))
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, comparable(inner)]))
}

const parsed = (text: string) => comparable(parseWithNumberText(text)) as Record<string, unknown>

async function read(description: FormatDescription, hex: string) {
  const { lines, rejected } = await openFormat(description).read(joinValues([Buffer.from(hex, 'hex')]))
  const line = valueAt(lines, 0)
  return line ? parsed(Buffer.from(line).toString()) : rejected[0]?.reason
}

describe('Avro that fastavro has written', () => {
  const schemas = JSON.parse(load('avro.json')) as readonly { readonly schema: unknown }[]
  const vectors = parseWithNumberText(load('avro.json')) as readonly Vector[]
  test.each(vectors.map((vector, i) => ({ ...vector, schema: schemas[i]?.schema })))('$name', async (vector) => {
    const format = { name: 'avro', framing: 'none', schemas: [vector.schema] } as const
    expect(await read(format, vector.message)).toEqual(comparable(vector.record))
  })
})

describe('Protobuf that Google’s library for Python has written', () => {
  const { files, vectors } = parseWithNumberText(load('protobuf.json')) as {
    readonly files: Readonly<Record<string, string>>
    readonly vectors: readonly (Vector & { readonly file: string; readonly of: string })[]
  }
  test.each(vectors)('$file: $name', async ({ file, of, message, record }) => {
    const format = { name: 'protobuf', message: of, schemas: [{ name: file, text: String(files[file]) }] } as const
    const expected = record === null ? expect.stringMatching(/^not Protobuf of its schema: /) : comparable(record)
    expect(await read(format, message)).toEqual(expected)
  })
})
