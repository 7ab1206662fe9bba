import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { unknownProperties } from '../../src/index.ts'
import { tableColumns } from '../../src/log/columns.ts'
import { isOff, isOn, property, refusedProperties, TABLE_PROPERTIES } from '../../src/log/properties.ts'

test('the documentation tells of each property what the code knows of it', async () => {
  const page = await readFile(join(import.meta.dirname, '../../../../docs/table-properties.md'), 'utf8')
  const rows = page.matchAll(/^\| `(delta\.[^`]+)` \| (\w+) \|/gm)
  expect(Object.fromEntries(Array.from(rows, ([, name, treatment]) => [name, treatment]))).toEqual(TABLE_PROPERTIES)
})

describe('a property', () => {
  test('is found in any letter case, under its own name first', () => {
    expect(property({ 'DELTA.APPENDONLY': 'a', 'delta.appendOnly': 'b' }, 'delta.appendOnly')).toBe('b')
    expect(property({ 'DELTA.APPENDONLY': 'a' }, 'delta.appendOnly')).toBe('a')
  })
  test.each(['true', 'TRUE', 'True', ' true '])('is on where it says %j', (value) => {
    expect(isOn({ 'delta.appendOnly': value }, 'delta.appendOnly')).toBe(true)
    expect(isOff({ 'delta.appendOnly': value }, 'delta.appendOnly')).toBe(false)
  })
  test.each(Object.entries(TABLE_PROPERTIES).map(([name, treatment]) => [name.replace('*', 'x'), treatment]))(
    '%s, %s, is known in any letter case',
    (name, treatment) => {
      const configuration = { [name.toUpperCase()]: 'true' }
      expect(unknownProperties(configuration)).toEqual([])
      const stopsWriters = treatment === 'refused' && name !== 'delta.setTransactionRetentionDuration'
      expect(refusedProperties(configuration)).toHaveLength(stopsWriters ? 1 : 0)
    },
  )
  test('in the name of Delta that nobody knows is named; those of others are theirs', () => {
    expect(unknownProperties({ 'delta.newThing': 'x', 'theirs.thing': 'x' })).toEqual(['delta.newThing'])
  })
})

test.each([{ 'delta.columnMapping.mode': 'name' }, { 'Delta.ColumnMapping.Mode': 'NAME' }])(
  'columns are mapped as %j says',
  (configuration) => {
    const schemaString = '{"type":"struct","fields":[]}'
    const format = { provider: 'parquet', options: {} }
    const metadata = { id: 'x', format, schemaString, partitionColumns: [], configuration }
    expect(tableColumns({ protocol: { minReaderVersion: 2, minWriterVersion: 5 }, metadata }).mapping).toBe('name')
  },
)
