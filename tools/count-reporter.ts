import type { Reporter, TestCase, TestModule } from 'vitest/node'

/** The last lines of every run: what was skipped and why, then `N passed, N failed`. */
export function countReporter(): Reporter {
  return {
    onTestRunEnd: (modules, unhandledErrors, reason) => {
      const tests = modules.flatMap((module) => [...module.children.allTests()])
      const count = (state: string) => tests.filter((test) => test.result().state === state).length
      const failures = count('failed') + modules.flatMap(errorsOutsideTests).length + unhandledErrors.length
      const skipped = tests.filter((test) => ['skipped', 'pending'].includes(test.result().state))
      // A run can fail for none of its tests: nothing matched, or it was interrupted.
      const failed = reason === 'passed' ? failures : Math.max(failures, 1)
      const total = `${count('passed')} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`
      process.stdout.write([...skipReasons(skipped), total, ''].join('\n'))
    },
  }
}

function errorsOutsideTests(module: TestModule): unknown[] {
  return [...module.errors(), ...[...module.children.allSuites()].flatMap((suite) => suite.errors())]
}

function skipReasons(skipped: readonly TestCase[]): string[] {
  const byReason = new Map<string, number>()
  for (const test of skipped) {
    const result = test.result()
    const reason = (result.state === 'skipped' && result.note) || 'not asked for'
    byReason.set(reason, (byReason.get(reason) ?? 0) + 1)
  }
  return [...byReason].map(([reason, tests]) => `skipped ${tests}: ${reason.replaceAll('\n', ' ')}`)
}
