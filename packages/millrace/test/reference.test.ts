import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { referencePages } from '../build/reference/pages.ts'

const FOLDER = new URL('../../../docs/reference/', import.meta.url)

test('docs/reference says what the code has (pnpm reference writes it anew)', async () => {
  const pages = await referencePages()
  expect(readdirSync(FOLDER).sort()).toEqual([...pages.keys()].map((name) => `${name}.md`).sort())
  for (const [name, text] of pages) expect(readFileSync(new URL(`${name}.md`, FOLDER), 'utf8')).toBe(text)
})
