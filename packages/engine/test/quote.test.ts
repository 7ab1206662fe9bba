import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { openDuckDB, quoteName, quoteText } from '../src/index.ts'

const engine = await openDuckDB({ files: 'all', threads: 1 })
const connection = await engine.connect()
afterAll(() => engine.close())

/** Texts as UTF-8 can hold them, often with what SQL gives a meaning to. */
const text = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom("'", '"', '\0', '\\', '--', ';', '$$'),
  ),
  maxLength: 20,
})

test('a quoted text is that text, whatever it holds', async () => {
  await fc.assert(
    fc.asyncProperty(text, async (value) => {
      const reader = await connection.runAndReadAll(
        `SELECT ${quoteText(value)}, ${quoteText(value)} = ${quoteText(value)}`,
      )
      expect(reader.getRows()).toEqual([[value, true]])
    }),
  )
})

test('a quoted name is that name; one with a NUL character is refused before it is part of a statement', async () => {
  await fc.assert(
    fc.asyncProperty(
      text.filter((value) => value !== ''),
      async (value) => {
        if (value.includes('\0')) {
          expect(() => quoteName(value)).toThrow(/NUL/)
          return
        }
        const reader = await connection.runAndReadAll(`SELECT 1 AS ${quoteName(value)}`)
        expect(reader.columnNames()).toEqual([value])
      },
    ),
  )
})
