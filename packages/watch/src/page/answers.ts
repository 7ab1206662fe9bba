import { type ComponentChild, h } from 'preact'
import type { LiveAnswer, LiveAnswers } from '../answers.ts'
import { agoInWords, exactCountInWords, secondsInWords } from '../words.ts'
import { hint, panel, table } from './parts.ts'

/** The questions, answered from what is committed. */
export function answersPanel(live: LiveAnswers | undefined, now: number): ComponentChild {
  if (live === undefined) return panel('answers', 'Answers', '', hint('Asking the tables…'))
  const { lacks, failed, answers } = live
  if (answers.length === 0 && failed === undefined) {
    const why =
      lacks.length > 0 ? `Not before these tables are there: ${lacks.join(', ')}.` : 'No question is configured.'
    return panel('answers', 'Answers', '', hint(why))
  }
  return panel(
    'answers',
    'Answers',
    noteOf(live, now),
    failed === undefined ? null : h('p', { class: 'trouble' }, `The tables could not be asked just now: ${failed}`),
    lacks.length === 0 ? null : hint(`Some questions wait for these tables: ${lacks.join(', ')}.`),
    h('div', { class: 'answers' }, ...answers.map(answerCard)),
  )
}

function noteOf({ at, tookMs, versions }: LiveAnswers, now: number): string {
  if (at === undefined) return ''
  const read = Object.entries(versions).map(([name, version]) => `${name} v${version}`)
  return `from ${read.join(', ')}, ${agoInWords(at, Math.max(at, now))}, in ${secondsInWords(tookMs / 1000)}`
}

function answerCard({ id, title, chart, columns, rows, rowCount }: LiveAnswer): ComponentChild {
  const described = columns.map(({ name, type }, i) => ({
    head: name.replaceAll('_', ' '),
    isNumber: /^(integer|long|double|decimal)/.test(type),
    cell: (row: readonly unknown[]) => String(row[i] ?? '–'),
  }))
  const more = rowCount > rows.length ? `, the first ${rows.length}` : ''
  return h(
    'article',
    { class: 'answer', key: id, 'aria-labelledby': `${id}-title` },
    h('h3', { id: `${id}-title` }, h('span', { class: 'id' }, id), ' ', title),
    // The server has escaped what is in it, and the page's policy lets nothing in it run.
    h('div', {
      class: 'picture',
      role: 'group',
      'aria-label': 'Picture',
      tabIndex: 0,
      dangerouslySetInnerHTML: { __html: chart },
    }),
    h(
      'details',
      {},
      h('summary', {}, `Table: ${exactCountInWords(rowCount)} ${rowCount === 1 ? 'row' : 'rows'}${more}`),
      table(title, described, rows, (row) => JSON.stringify(row)),
    ),
  )
}
