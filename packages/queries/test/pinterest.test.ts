import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDuckDB } from '@millrace/engine'
import { withSharedData } from '@millrace/testkit'
import { describe, expect } from 'vitest'
import { answersOver } from './kit.ts'

type Row = Record<string, unknown>

const test = withSharedData('pinterest')

async function lines(folder: string, file: string): Promise<Row[]> {
  const text = await readFile(join(folder, file), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
}

async function answers(folder: string) {
  const engine = await openDuckDB({ files: 'all' })
  const file = (name: string) => join(folder, `clean_${name}.jsonl`)
  const files = { pin: file('pin'), geo: file('geo'), user: file('user') }
  return answersOver(await engine.connect(), files).finally(() => engine.close())
}

const sorted = (rows: readonly Row[]) => rows.map((row) => JSON.stringify(row)).sort()

describe('the published answers of a real run (../shared/data/pinterest)', () => {
  for (const id of ['q1', 'q2', 'q4', 'q5', 'q7', 'q8']) {
    test(`${id}: every published row is one of ours, and we have none for a key that is not published`, async ({
      sharedData,
    }) => {
      const ours = (await answers(sharedData))[id] ?? []
      const theirs = await lines(sharedData, `expected_${id}.jsonl`)
      expect(sorted(ours)).toEqual(expect.arrayContaining(sorted(theirs)))
      const keys = (rows: readonly Row[]) =>
        [...new Set(rows.map((row) => JSON.stringify(Object.values(row)[0])))].sort()
      expect(keys(ours)).toEqual(keys(theirs))
    })
  }

  test('q3a: 139 of the 275 published rows are the top of their country, and those are ours', async ({
    sharedData,
  }) => {
    const ours = sorted((await answers(sharedData)).q3a ?? [])
    const theirs = sorted(await lines(sharedData, 'expected_q3a.jsonl'))
    expect(theirs.filter((row) => ours.includes(row))).toHaveLength(139)
    expect(ours.filter((row) => !theirs.includes(row))).toEqual([])
  })

  test('q3b: the published country is one of those that are tied', async ({ sharedData }) => {
    const ours = (await answers(sharedData)).q3b ?? []
    expect(ours).toEqual(expect.arrayContaining(await lines(sharedData, 'expected_q3b.jsonl')))
    expect(new Set(ours.map(({ follower_count }) => follower_count))).toEqual(new Set([8_000_000]))
  })

  test('q6: they counted names, which two users share in 2015', async ({ sharedData }) => {
    expect((await answers(sharedData)).q6).toEqual([
      { post_year: 2015, number_users_joined: 99 },
      { post_year: 2016, number_users_joined: 120 },
      { post_year: 2017, number_users_joined: 56 },
    ])
  })
})
