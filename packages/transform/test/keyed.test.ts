import { checkDescription, modeOf } from '@millrace/transform'
import { describe, expect, test } from 'vitest'

const DESCRIPTION = {
  description: 'People, as their database changes',
  fields: { id: { type: 'long' }, name: { type: 'text' }, op: { type: 'text' }, at: { type: 'timestamp' } },
  columns: {
    id: { type: 'long' },
    name: { type: 'string' },
    score: { type: 'double' },
    op: { type: 'string', keep: false },
    at: { type: 'timestamp' },
  },
  mode: 'upsert',
  key: ['id'],
  sequenceBy: ['at'],
  deleteWhen: "op = 'd'",
}
const check = (changes: object = {}) => checkDescription({ ...DESCRIPTION, ...changes }, 'people')
const message = (changes: object) => {
  try {
    check(changes)
  } catch (error) {
    return (error as Error).message
  }
  return undefined
}

describe('a keyed table', () => {
  test('has a key, a sequence, deletes and only the columns that are kept', () => {
    const { schema, keyed } = check({ ignoreEqual: true, tombstoneRetention: '12 hours' })
    expect(schema.fields.map(({ name }) => name)).toEqual(['id', 'name', 'score', 'at'])
    expect(keyed).toMatchObject({
      ...{ mode: 'upsert', key: ['id'], sequenceBy: ['at'], deleteWhen: "op = 'd'", ignoreEqual: true },
      ...{ notKept: [{ name: 'op', type: 'string' }], tombstoneRetentionMs: 12 * 3_600_000 },
    })
  })

  test('goes by what is read later, and remembers deleted keys for a week, unless it says otherwise', () => {
    expect(check({ sequenceBy: undefined }).keyed).toMatchObject({
      ...{ sequenceBy: [], ignoreEqual: false, tombstoneRetentionMs: 7 * 24 * 3_600_000 },
    })
  })

  test('is not what a data set is that says nothing of it', () => {
    const { mode, key, sequenceBy, deleteWhen, ...rest } = DESCRIPTION
    const columns = { ...rest.columns, op: { type: 'string' } }
    expect(modeOf(checkDescription({ ...rest, columns }, 'people'))).toBe('append')
  })

  test.each([
    [{ key: undefined }, 'key: "mode": "upsert" needs the columns of the key'],
    [{ key: ['ident'] }, 'key: there is no column ident; the columns are id, name, score, at'],
    [{ key: ['id', 'id'] }, 'key: id is named twice'],
    [{ key: ['op'] }, 'key: op must be kept: rows are compared by it'],
    [{ key: ['score'] }, "key: column score can't be compared: double"],
    [{ sequenceBy: ['moment'] }, 'sequenceBy: there is no column moment; the columns are id, name, score, at'],
    [{ sequenceBy: ['id'] }, 'sequenceBy: id is in the key'],
    [{ mode: 'history', sequenceBy: undefined }, 'sequenceBy: "mode": "history" needs the columns that say'],
    [
      { mode: 'history', columns: { ...DESCRIPTION.columns, __valid_to: { type: 'date' } } },
      /__valid_to is a name of Millrace's own/,
    ],
    [{ mode: 'append' }, 'key: only "mode": "upsert" or "history" has it'],
    [{ mode: 'merge' }, /append.*upsert.*history/],
    [{ tombstoneRetention: 'a week' }, /write it as "7 days" or "12 hours"/],
    [{ columns: { ...DESCRIPTION.columns, millrace_at: { type: 'long' } } }, /millrace_at is a name of Millrace's own/],
  ])('is refused by name: %j', (changes, refusal) => {
    expect(message(changes)).toMatch(typeof refusal === 'string' ? `people: ${refusal}` : refusal)
  })

  test('is refused where columns that are not kept are only appended', () => {
    const none = { key: undefined, sequenceBy: undefined, deleteWhen: undefined }
    expect(message({ mode: 'append', ...none })).toMatch('in "mode": "append" every column is kept, also op')
  })
})
