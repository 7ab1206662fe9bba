import { expect, it } from 'vitest'
import { completions } from '../../src/prompt/completion.ts'

const COLUMNS: Readonly<Record<string, readonly string[]>> = { pin: ['ind', 'category'], 'batch.q1': ['country'] }
const names = {
  tables: async () => Object.keys(COLUMNS),
  columns: async (table: string) => COLUMNS[table] ?? [],
}

it.each([
  ['', 'select * from pi', ['pin'], 'pi'],
  ['', 'select * from batch.', ['batch.q1'], 'batch.'],
  ['select * from pin', 'where ca', ['category', 'case'], 'ca'],
  ['', 'select c from batch.q1 where co', ['country', 'count'], 'co'],
  ['', 'sel', ['select'], 'sel'],
  ['', 'SEL', ['SELECT'], 'SEL'],
  ['', '.t', ['.tables'], '.t'],
])('after %j, %j can become %j', async (before, line, found, word) => {
  expect(await completions(before, line, names)).toEqual([found, word])
})

it('offers no name that would steer the screen', async () => {
  const hostile = { tables: async () => ['pin', 'pin\u001b[2J', 'pin\u009b2J'], columns: async () => ['pin\nx'] }
  expect(await completions('', 'select * from pi', hostile)).toEqual([['pin'], 'pi'])
})
