import { type ComponentChild, h } from 'preact'
import type { WorkerState } from '../state.ts'
import { agoInWords, bytesInWords, countInWords, exactCountInWords, secondsInWords } from '../words.ts'
import { bar } from './parts.ts'

/** The figures that are looked at first. */
export function tiles(state: WorkerState): ComponentChild {
  const { datasets, held, memory, at } = state
  const sum = (of: (dataset: (typeof datasets)[number]) => number) => datasets.reduce((all, each) => all + of(each), 0)
  const counted = datasets.every(({ lag }) => lag.records !== undefined)
  const behind = Math.max(0, ...datasets.map(({ lag }) => lag.seconds))
  const slowest = Math.max(-1, ...datasets.map(({ latency }) => latency?.p99Ms ?? -1))
  const middle = Math.max(-1, ...datasets.map(({ latency }) => latency?.p50Ms ?? -1))
  const lastCommit = Math.max(0, ...datasets.map(({ commits }) => commits[0]?.at ?? 0))
  const rejected = sum(({ quarantine }) => quarantine.total)
  return h(
    'dl',
    { class: 'tiles' },
    tile('Committed', `${countInWords(sum(({ rates }) => rates.rows))}`, 'rows/s', [
      `${exactCountInWords(sum(({ totals }) => totals.rows))} rows since it started`,
    ]),
    tile('Behind', secondsInWords(behind), '', [
      counted
        ? `${countInWords(sum(({ lag }) => lag.records ?? 0))} records to commit`
        : 'its source counts no records',
    ]),
    tile('Produce to commit', slowest < 0 ? '–' : secondsInWords(middle / 1000), slowest < 0 ? '' : 'p50', [
      slowest < 0 ? 'no commit yet' : `p99 ${secondsInWords(slowest / 1000)}, last 5 minutes`,
    ]),
    tile('Last commit', lastCommit === 0 ? '–' : agoInWords(lastCommit, at), '', [
      `${exactCountInWords(sum(({ totals }) => totals.commits))} since it started`,
    ]),
    tile('Quarantine', exactCountInWords(rejected), 'records', [
      h('a', { href: '#quarantine' }, rejected === 0 ? 'nothing was rejected' : 'reasons and samples'),
    ]),
    tile('Held in memory', bytesInWords(held.bytes), `of ${bytesInWords(held.mostBytes)}`, [
      bar(held.mostBytes === 0 ? 0 : held.bytes / held.mostBytes),
      `process ${bytesInWords(memory.rssBytes)}`,
    ]),
  )
}

function tile(name: string, figure: string, unit: string, below: ComponentChild[]): ComponentChild {
  return h(
    'div',
    { class: 'tile' },
    h('dt', {}, name),
    h('dd', { class: 'figure' }, figure, unit === '' ? null : [' ', h('small', {}, unit)]),
    h('dd', { class: 'below' }, ...below),
  )
}
