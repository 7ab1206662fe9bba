import { type ComponentChild, h } from 'preact'
import type { QuarantineState, WorkerState } from '../state.ts'
import { agoInWords, exactCountInWords } from '../words.ts'
import { bar, hint, panel } from './parts.ts'

type Sample = QuarantineState['samples'][number] & { readonly dataset: string }

const SHOWN_REASONS = 8
const SHOWN_SAMPLES = 8

/** Why records may not enter their tables, with some of them. Theirs is text and nothing else. */
export function quarantinePanel({ datasets, at }: WorkerState): ComponentChild {
  const total = datasets.reduce((sum, { quarantine }) => sum + quarantine.total, 0)
  if (total === 0) {
    return panel('quarantine', 'Quarantine', '', hint('Nothing was rejected since the worker started.'))
  }
  const reasons = datasets
    .flatMap(({ dataset, quarantine }) => quarantine.reasons.map((reason) => ({ dataset, ...reason })))
    .sort((a, b) => b.records - a.records)
  const samples = datasets
    .flatMap(({ dataset, quarantine }) => quarantine.samples.map((sample) => ({ dataset, ...sample })))
    .sort((a, b) => b.at - a.at)
    .slice(0, SHOWN_SAMPLES)
  return panel(
    'quarantine',
    'Quarantine',
    `${exactCountInWords(total)} ${total === 1 ? 'record' : 'records'} since the worker started; none is lost: millrace quarantine list, replay`,
    h(
      'ul',
      { class: 'reasons' },
      ...reasons
        .slice(0, SHOWN_REASONS)
        .map(({ dataset, reason, records }) =>
          h(
            'li',
            { key: `${dataset} ${reason}` },
            h('span', { class: 'reason' }, reason, h('small', {}, ` ${dataset}`)),
            bar(records / total, 'rejected'),
            h('span', { class: 'number' }, exactCountInWords(records)),
          ),
        ),
    ),
    h('h3', {}, 'The newest'),
    h('ul', { class: 'samples' }, ...samples.map((sample) => sampleItem(sample, at))),
  )
}

function sampleItem({ topic, partition, offset, reason, value, at }: Sample, now: number): ComponentChild {
  return h(
    'li',
    { key: `${topic} ${partition} ${offset}` },
    h(
      'p',
      {},
      h('b', {}, reason),
      h('span', { class: 'note' }, ` ${topic} / ${partition} at ${offset}, ${agoInWords(at, now)}`),
    ),
    h('pre', { tabIndex: 0 }, h('code', {}, value ?? '(no value)')),
  )
}
