import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { memoryStore } from '@millrace/store'
import { PINTEREST } from '@millrace/testkit'
import { expect, it } from 'vitest'
import { ended, printed } from './millrace.ts'
import { openWorkplaces } from './workplaces.ts'

const workplace = openWorkplaces()
// It would go on for years.
const ENDLESS = 'select count(*) as n from range(1000000000000000) a, user\nORDER BY n'
const ENDLESS_QUESTION = { title: 'Endless', chart: { kind: 'bars', x: 'n', y: 'n' }, reads: ['user'] }

/** Settles when the process has a work folder in the folder for temporary files; throws if it ends without one. */
async function atWork(temporary: string, child: ChildProcess): Promise<void> {
  let said = ''
  child.stdout?.on('data', (chunk) => (said += chunk))
  child.stderr?.on('data', (chunk) => (said += chunk))
  const watcher = watch(temporary)
  const ended = once(child, 'exit').then(() => 'ended')
  try {
    for (;;) {
      // Listened for before the look, so that no change falls between the two.
      const changed = once(watcher, 'change')
      if ((await readdir(temporary)).some((name) => name.startsWith(`millrace-work-${child.pid}-`))) return
      if ((await Promise.race([changed, ended])) === 'ended')
        throw new Error(`it ended before it had a work folder:\n${said}`)
    }
  } finally {
    watcher.close()
  }
}

it('nothing of a killed stream, archive, upsert, daily run or query is in the temporary folder after the next start', async () => {
  const place = await workplace({ TMPDIR: 'tmp' })
  const temporary = join(place.folder, 'tmp')
  await mkdir(temporary)
  const keyed = join(place.folder, 'keyed', 'user')
  await cp(join(PINTEREST.datasets, 'user'), keyed, { recursive: true })
  const description = JSON.parse(await readFile(join(keyed, 'dataset.json'), 'utf8')) as object
  await writeFile(join(keyed, 'dataset.json'), JSON.stringify({ ...description, mode: 'upsert', key: ['ind'] }))
  await mkdir(join(place.folder, 'questions'))
  await writeFile(join(place.folder, 'questions', 'endless.sql'), ENDLESS)
  await writeFile(join(place.folder, 'questions', 'endless.json'), JSON.stringify(ENDLESS_QUESTION))
  await ended(place.start('ingest', '--count', '200'))

  const streams = [
    ['--lake', 'lake'],
    // The daily run reads it: the line that is waited for must be that of this one data set.
    ['--to', 'archive:raw', '--datasets', 'user'],
    ['--datasets', 'user', '--dataset-folders', 'keyed', '--lake', 'other'],
  ]
  const commands: readonly { readonly args: readonly string[]; readonly line?: RegExp }[] = [
    ...streams.map((more) => ({
      args: ['stream', '--source', 'embedded:', '--no-dashboard', ...more],
      line: /committed/,
    })),
    {
      args: ['batch', '--raw', 'raw', '--datasets', 'user', '--date', '2026-01-01', '--question-folders', 'questions'],
    },
    { args: ['sql', ENDLESS] },
  ]
  for (const { args, line } of commands) {
    const child = place.start(...args)
    const exited = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)))
    await (line ? printed(child, line) : atWork(temporary, child))
    child.kill('SIGKILL')
    expect(await exited).toBe('SIGKILL')
    const left = await readdir(temporary)
    // Each start takes away what the one before has left: of all that were killed, only the last is here.
    expect(left.every((name) => name.startsWith(`millrace-work-${child.pid}-`))).toBe(true)
    // An archive alone runs no SQL, and needs no such folder.
    if (!args.includes('archive:raw')) expect(left).not.toEqual([])
  }
  expect(await ended(place.start('sql', 'select 1'))).toMatchObject({ exitCode: 0 })
  expect(await readdir(temporary)).toEqual([])
})

it('copies of objects in memory are swept as well: they lie in a work folder of the process', () => {
  const [folder = ''] = memoryStore().readableIn
  expect(folder).toContain(`/millrace-work-${process.pid}-`)
})
