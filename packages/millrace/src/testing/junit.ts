import { type Difference, hasPassed, type TestResult } from './result.ts'

/** Returns the results as JUnit writes them, which build servers read. */
export function junitXml(results: readonly TestResult[]): string {
  const suites = Map.groupBy(results, ({ kind, name }) => `${kind} ${name}`)
  const failures = (of: readonly TestResult[]) => of.filter((result) => !hasPassed(result)).length
  const counts = (of: readonly TestResult[]) => `tests="${of.length}" failures="${failures(of)}"`
  const body = [...suites].map(([name, of]) =>
    [`  <testsuite name=${quoted(name)} ${counts(of)}>`, ...of.map(testCase), '  </testsuite>'].join('\n'),
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${counts(results)}>\n${[...body, '</testsuites>'].join('\n')}\n`
}

function testCase(result: TestResult): string {
  const { kind, name, fixture = 'all', differences, problem } = result
  const open = `    <testcase classname=${quoted(`${kind} ${name}`)} name=${quoted(fixture)}`
  if (hasPassed(result)) return `${open}/>`
  const text = problem ?? differences.map(inWords).join('\n')
  const [message = ''] = text.split('\n')
  return `${open}>\n      <failure message=${quoted(message)}>${escaped(text)}</failure>\n    </testcase>`
}

function inWords({ record, column, expected, got }: Difference): string {
  const where = [
    record === undefined ? 'a row' : `record ${record}`,
    ...(column === undefined ? [] : [`column ${column}`]),
  ]
  return `${where.join(', ')}: expected ${expected}, got ${got}`
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('\n', '&#10;')}"`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** XML has no control characters, not even escaped ones. */
function escaped(text: string): string {
  return text
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
    .replace(/[^\P{Cc}\t\n]/gu, '\ufffd')
    .toWellFormed()
}
