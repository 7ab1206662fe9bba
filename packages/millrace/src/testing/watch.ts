import { systemRuntime } from '@millrace/base'
import type { Io } from '../command.ts'
import { hasKeys, readKeys } from '../terminal/keys.ts'
import { type Changes, watchFolders } from './changes.ts'
import { hasPassed, type TestResult } from './result.ts'
import { type Part, runTests, type TestPlan } from './run.ts'

const KEYS = 'q quit · a run all · f run what failed · u accept what came'

/**
 * Runs the fixtures again whenever files of theirs change, and only those. Settles with the last results, when the user
 * or a signal ends it.
 */
export async function watchTests(
  plan: TestPlan,
  io: Io,
  report: (results: readonly TestResult[]) => void,
): Promise<readonly TestResult[]> {
  let results: readonly TestResult[] = []
  let running: Promise<void> = Promise.resolve()
  const ended = Promise.withResolvers<void>()
  const run = (why: string, part: Part, update = false) => {
    running = running.then(async () => {
      const found = await runTests({ ...plan, update }, part)
      results = [...results.filter((result) => !isOf(result, part)), ...found]
      if (io.interactive) await io.write(CLEAR)
      else if (why) io.line(why)
      report(results)
      io.line(io.style('dim', hasKeys() ? `Watching for changes · ${KEYS}` : 'Watching for changes'))
    })
    running.catch(ended.reject)
  }
  using _watching = watchFolders(plan, systemRuntime, ({ datasets, questions }: Changes) => {
    run(`changed: ${[...datasets, ...(questions ? ['questions'] : [])].join(', ')}`, { datasets, questions: true })
  })
  using _keys = hasKeys() ? readKeys(pressed) : undefined
  function pressed(key: string): void {
    if (key === 'q') ended.resolve()
    if (key === 'a') run('', 'all')
    if (key === 'f') run('', partOf(results.filter((result) => !hasPassed(result))))
    if (key === 'u') run('', partOf(results.filter((result) => !hasPassed(result))), true)
  }
  io.signal.addEventListener('abort', () => ended.resolve(), { once: true })
  run('', 'all')
  await ended.promise
  await running
  return results
}

const CLEAR = '\u001b[2J\u001b[3J\u001b[H'

function isOf({ kind, name }: TestResult, part: Part): boolean {
  if (part === 'all') return true
  return kind === 'data set' ? part.datasets.has(name) : part.questions
}

function partOf(failed: readonly TestResult[]): Part {
  const datasets = failed.filter(({ kind }) => kind === 'data set').map(({ name }) => name)
  return { datasets: new Set(datasets), questions: failed.some(({ kind }) => kind !== 'data set') }
}
