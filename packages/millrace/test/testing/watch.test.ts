import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startMillrace, temporaryFolder } from '../run-millrace.ts'
import { SALES, SETTINGS, writeProject } from './project.ts'

test('--watch runs again what has changed, and ends with what it came to', async () => {
  using folder = temporaryFolder()
  writeProject(folder.path, SALES)
  const child = startMillrace(['test', '--watch'], { cwd: folder.path, env: SETTINGS })
  const edits = [
    ['Watching', 'datasets/sales/clean.sql', 'SELECT id, price + 1 AS price FROM raw'],
    ['1 failed', 'datasets/sales/clean.sql', SALES['datasets/sales/clean.sql']],
    ['changed: sales', 'questions/total.sql', 'SELECT max(price) AS total FROM large\nORDER BY total'],
    ['changed: questions', '', ''],
  ] as const
  let [shown, from, step] = ['', 0, 0]
  child.stdout.on('data', (chunk: Buffer) => {
    shown += String(chunk)
    for (let edit = edits[step]; edit && shown.indexOf(edit[0], from) >= 0; edit = edits[step]) {
      const end = shown.indexOf('Watching', shown.indexOf(edit[0], from))
      if (end < 0) return
      ;[from, step] = [end + 1, step + 1]
      if (edit[1] === '') child.kill('SIGINT')
      else writeFileSync(join(folder.path, edit[1]), edit[2])
    }
  })
  const code = await new Promise((settle) => child.on('close', settle))
  const rounds = shown.split('Watching for changes\n').map((round) => /\d+ passed, \d+ failed/.exec(round)?.[0])
  expect(rounds.filter(Boolean)).toEqual([
    '3 passed, 0 failed',
    '2 passed, 1 failed',
    '3 passed, 0 failed',
    '2 passed, 1 failed',
  ])
  expect(shown).toContain('got       "4.00"')
  expect(code).toBe(130)
})
