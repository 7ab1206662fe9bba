import type { Style } from '../terminal/terminal.ts'
import { type Difference, hasPassed, type TestResult } from './result.ts'

export interface Paint {
  readonly style: (style: Style, text: string) => string
  /** Cuts a text to what a line of the screen has room for. */
  readonly cut: (text: string) => string
}

/** More differences of one fixture are counted, and not shown: one mistake makes many. */
const MOST_SHOWN = 10

/** Returns the report in lines: first all that passed, then what failed, so that it is on the screen at the end. */
export function reportLines(results: readonly TestResult[], paint: Paint): string[] {
  const inOrder = [...results.filter(hasPassed), ...results.filter((result) => !hasPassed(result))]
  const differs = results.some(({ differences }) => differences.length > 0)
  const advice = paint.style('dim', 'Where what came is right, millrace test --update writes it into the fixtures.')
  return [
    ...inOrder.flatMap((result) => resultLines(result, paint)),
    summary(results, paint),
    ...(differs ? [advice] : []),
  ]
}

function resultLines(result: TestResult, paint: Paint): string[] {
  const { kind, name, fixture, records, differences, problem, updated } = result
  const what = kind === 'data set' ? 'record' : 'row'
  const title = `${kind === 'data set' ? '' : `${kind} `}${name}${fixture === undefined ? '' : ` ${fixture}`}`
  const count = fixture === undefined || problem !== undefined ? '' : `: ${records} ${what}${records === 1 ? '' : 's'}`
  if (hasPassed(result)) {
    const mark = updated ? paint.style('yellow', 'updated') : paint.style('green', 'ok     ')
    return [`${mark} ${title}${count}`]
  }
  const head = `${paint.style('red', 'FAILED ')} ${title}${count}`
  if (problem !== undefined) return [head, ...problem.split('\n').map((line) => `    ${line}`)]
  const shown = differences.slice(0, MOST_SHOWN)
  const more = differences.length - shown.length
  return [
    head,
    ...shown.flatMap((difference, i) => differenceLines(difference, shown[i - 1], what, paint)),
    ...(more > 0 ? [`    and ${more} more differences: --json has all`] : []),
  ]
}

function differenceLines(difference: Difference, before: Difference | undefined, what: string, paint: Paint): string[] {
  const { record, column, expected, got, raw } = difference
  const isNext = record !== undefined && record === before?.record
  const about = record === undefined ? `a ${what === 'record' ? 'clean row' : 'row'} is missing` : `${what} ${record}`
  return [
    ...(isNext ? [] : [`    ${about}`]),
    ...(isNext || raw === undefined ? [] : [`      ${paint.style('dim', paint.cut(raw))}`]),
    ...(column === undefined ? [] : [`      column ${paint.style('bold', column)}`]),
    `        expected  ${paint.style('green', expected)}`,
    `        got       ${paint.style('red', got)}`,
  ]
}

function summary(results: readonly TestResult[], paint: Paint): string {
  const failed = results.filter((result) => !hasPassed(result)).length
  const updated = results.filter((result) => result.updated).length
  const parts = [
    paint.style(failed > 0 ? [] : 'green', `${results.length - failed} passed`),
    paint.style(failed > 0 ? 'red' : [], `${failed} failed`),
    ...(updated > 0 ? [paint.style('yellow', `${updated} updated`)] : []),
  ]
  return parts.join(', ')
}
