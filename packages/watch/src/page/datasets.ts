import { type ComponentChild, h, type TargetedEvent } from 'preact'
import type { DatasetState, WorkerState } from '../state.ts'
import { bytesInWords, countInWords, exactCountInWords, secondsInWords } from '../words.ts'
import { type Column, chip, panel, table } from './parts.ts'

const MOST_POSTPONED = 10

/** Each data set's figures, exact: those of /metrics. */
export function datasetsPanel(
  { datasets, postponed, at }: WorkerState,
  search: (text: string) => void,
): ComponentChild {
  const waits = datasets.flatMap(({ dataset, waiting }) => (waiting ? [{ dataset, ...waiting }] : []))
  const index = new Map(datasets.map(({ dataset }, i) => [dataset, i]))
  const columns: Column<DatasetState>[] = [
    { head: 'Data set', cell: ({ dataset }) => [chip(index.get(dataset) ?? 0), dataset] },
    { head: 'State', cell: ({ phase }) => phaseMark(phase) },
    { head: 'Rows/s', isNumber: true, cell: ({ rates }) => countInWords(rates.rows) },
    { head: 'Rows', isNumber: true, cell: ({ totals }) => exactCountInWords(totals.rows) },
    { head: 'Commits', isNumber: true, cell: ({ totals }) => exactCountInWords(totals.commits) },
    { head: 'Rejected', isNumber: true, cell: ({ totals }) => exactCountInWords(totals.quarantined) },
    { head: 'Left out', isNumber: true, cell: ({ totals }) => exactCountInWords(totals.filtered) },
    {
      head: 'To commit',
      isNumber: true,
      cell: ({ lag }) => (lag.records === undefined ? '–' : exactCountInWords(lag.records)),
    },
    { head: 'Behind', isNumber: true, cell: ({ lag }) => secondsInWords(lag.seconds) },
    {
      head: 'p50 / p99',
      isNumber: true,
      cell: ({ latency }) =>
        latency ? `${secondsInWords(latency.p50Ms / 1000)} / ${secondsInWords(latency.p99Ms / 1000)}` : '–',
    },
    { head: 'Read', isNumber: true, cell: ({ totals }) => bytesInWords(totals.readBytes) },
    { head: 'Topics', cell: ({ topics }) => topics.join(', ') },
  ]
  return panel(
    'datasets',
    'Data sets',
    'since the worker started; of many the worst first',
    h(
      'div',
      { class: 'tools' },
      h(
        'label',
        {},
        'Search ',
        h('input', {
          type: 'search',
          placeholder: 'name, table or topic',
          onInput: ({ currentTarget }: TargetedEvent<HTMLInputElement>) => search(currentTarget.value.trim()),
        }),
      ),
    ),
    table('Data sets', columns, datasets, ({ dataset }) => dataset),
    ...postponed
      .slice(0, MOST_POSTPONED)
      .map(({ topic, code, message, since }) =>
        h(
          'p',
          { class: 'trouble', key: `topic ${topic}` },
          h('b', {}, `topic ${topic} can't be read: `),
          message,
          h('span', { class: 'note' }, ` (${code}, for ${secondsInWords((at - since) / 1000)})`),
        ),
      ),
    postponed.length > MOST_POSTPONED &&
      h('p', { class: 'trouble' }, `and ${postponed.length - MOST_POSTPONED} more topics`),
    ...waits.map(({ dataset, code, message, tries, since }) =>
      h(
        'p',
        { class: 'trouble', key: dataset },
        h('b', {}, `${dataset} waits: `),
        message,
        h(
          'span',
          { class: 'note' },
          ` (${code}, ${tries} ${tries === 1 ? 'try' : 'tries'}, for ${secondsInWords((at - since) / 1000)})`,
        ),
      ),
    ),
  )
}

export function phaseMark(phase: DatasetState['phase']): ComponentChild {
  return h('span', { class: `phase ${phase.replace(' ', '-')}` }, phase)
}
