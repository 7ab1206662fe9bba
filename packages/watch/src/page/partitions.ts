import { type ComponentChild, h, type TargetedEvent, type TargetedPointerEvent } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { PartitionState, WorkerState } from '../state.ts'
import { exactCountInWords, secondsInWords } from '../words.ts'
import { type Column, hint, panel, table } from './parts.ts'
import { cellAt, drawStrip, HEATS, heatOf } from './strip.ts'

export interface NamedPartition extends PartitionState {
  readonly dataset: string
}

const PAGE_ROWS = 12
const ORDERS = { lag: 'most behind first', name: 'by name' } as const

interface Shown {
  readonly state: WorkerState
  readonly searched: string
}

/** However many partitions there are: a picture of all, and a page of a table; of those whose topic or data set is searched for. */
export function Partitions({ state, searched }: Shown): ComponentChild {
  const [order, setOrder] = useState<keyof typeof ORDERS>('lag')
  const [start, setStart] = useState(0)
  const wanted = searched.toLowerCase()
  const all = state.datasets
    .flatMap(({ dataset, partitions }) => partitions.map((each) => ({ dataset, ...each })))
    .filter(({ dataset, topic }) => [dataset, topic].some((text) => text.toLowerCase().includes(wanted)))
    .sort(byName)
  if (all.length === 0) {
    const none =
      searched === '' ? 'No partition is this worker’s just now.' : 'No partition of this worker is called so.'
    return panel('lag', 'Lag by partition', '', hint(none))
  }
  const sorted = order === 'name' ? all : all.toSorted(byLag)
  const from = Math.min(start, PAGE_ROWS * Math.floor((all.length - 1) / PAGE_ROWS))
  return panel(
    'lag',
    'Lag by partition',
    `${exactCountInWords(all.length)} ${all.length === 1 ? 'partition' : 'partitions'}, ${countsOf(all)}`,
    h(Strip, { partitions: all }),
    h(
      'div',
      { class: 'tools' },
      h(
        'label',
        {},
        'Order ',
        h(
          'select',
          {
            value: order,
            onChange: ({ currentTarget }: TargetedEvent<HTMLSelectElement>) =>
              setOrder(currentTarget.value === 'name' ? 'name' : 'lag'),
          },
          ...Object.entries(ORDERS).map(([value, words]) => h('option', { value }, words)),
        ),
      ),
      all.length > PAGE_ROWS ? pager(from, all.length, setStart) : null,
    ),
    table('Lag by partition', COLUMNS, sorted.slice(from, from + PAGE_ROWS), (each) => `${each.topic}/${each.id}`),
  )
}

const COLUMNS: readonly Column<NamedPartition>[] = [
  { head: 'Partition', cell: ({ topic, id }) => `${topic} / ${id}` },
  { head: 'Data set', cell: ({ dataset }) => dataset },
  {
    head: 'Records',
    isNumber: true,
    cell: ({ records }) => (records === undefined ? '–' : exactCountInWords(records)),
  },
  { head: 'Behind', isNumber: true, cell: ({ seconds }) => secondsInWords(seconds) },
]

function pager(from: number, count: number, go: (start: number) => void): ComponentChild {
  const to = Math.min(count, from + PAGE_ROWS)
  const step = (words: string, start: number) =>
    h('button', { type: 'button', disabled: start < 0 || start >= count, onClick: () => go(start) }, words)
  return h(
    'div',
    { class: 'pager' },
    step('Previous', from - PAGE_ROWS),
    h('span', {}, `${exactCountInWords(from + 1)}–${exactCountInWords(to)} of ${exactCountInWords(count)}`),
    step('Next', from + PAGE_ROWS),
  )
}

function byName(a: NamedPartition, b: NamedPartition): number {
  return a.topic === b.topic ? a.id.localeCompare(b.id, 'en', { numeric: true }) : a.topic < b.topic ? -1 : 1
}

function byLag(a: NamedPartition, b: NamedPartition): number {
  return b.seconds - a.seconds || (b.records ?? 0) - (a.records ?? 0)
}

function countsOf(partitions: readonly NamedPartition[]): string {
  const counts = HEATS.map(({ words }, i) => ({ words, count: partitions.filter((each) => heatOf(each) === i).length }))
  return counts.flatMap(({ words, count }) => (count === 0 ? [] : `${exactCountInWords(count)} ${words}`)).join(', ')
}

function Strip({ partitions }: { readonly partitions: readonly NamedPartition[] }): ComponentChild {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [pointed, point] = useState<NamedPartition>()
  useEffect(() => {
    if (canvas.current) drawStrip(canvas.current, partitions)
  })
  const words = pointed && `${pointed.topic} / ${pointed.id}: ${secondsInWords(pointed.seconds)} behind`
  return h(
    'div',
    { class: 'strip' },
    h('canvas', {
      ref: canvas,
      role: 'img',
      'aria-label': `One square a partition: ${countsOf(partitions)}`,
      onPointerMove: (event: TargetedPointerEvent<HTMLCanvasElement>) =>
        point(partitions[cellAt(event.currentTarget, event.offsetX, event.offsetY)]),
      onPointerLeave: () => point(undefined),
    }),
    h(
      'p',
      { class: 'legend' },
      ...HEATS.map(({ words }, i) => h('span', {}, h('span', { class: `heat heat-${i}` }), words)),
      h('span', { class: 'pointed' }, words ?? ''),
    ),
  )
}
