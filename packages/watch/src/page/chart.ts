import { type ComponentChild, h } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { bytesInWords, countInWords, secondsInWords } from '../words.ts'
import { seriesColour } from './parts.ts'

export interface Line {
  readonly name: string
  /** Which of the colours. */
  readonly colour: number
  readonly isDashed?: boolean
  readonly values: readonly (number | undefined)[]
  /** Lower edge of a band under the line. */
  readonly low?: readonly (number | undefined)[]
}

export interface ChartProps {
  readonly title: string
  readonly unit: Unit
  /** Milliseconds since 1970. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
}

export type Unit = 'rows/s' | 'seconds' | 'bytes'

const HEIGHT = 190
const LEAST_TOP: Readonly<Record<Unit, number>> = { 'rows/s': 10, seconds: 1, bytes: 1e6 }

const WORDS: Readonly<Record<Unit, (value: number) => string>> = {
  'rows/s': (value) => `${countInWords(value)}/s`,
  seconds: secondsInWords,
  bytes: bytesInWords,
}

/** Lines over time. Who can't see them hears where they stand now; pointing at them shows the figures of a moment. */
export function Chart({ title, unit, times, lines }: ChartProps): ComponentChild {
  const holder = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const [pointedAt, pointAt] = useState<number | null>(null)
  const isDark = useDarkness()
  const kinds = lines.map(({ name, colour, isDashed }) => `${name} ${colour} ${isDashed}`).join()
  useEffect(() => {
    const element = holder.current
    if (!element) return
    const made = new uPlot(optionsOf(element, unit, lines, pointAt), dataOf(times, lines), element)
    plot.current = made
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }))
    resized.observe(element)
    return () => {
      resized.disconnect()
      made.destroy()
    }
  }, [kinds, unit, isDark])
  useEffect(() => plot.current?.setData(dataOf(times, lines)), [times.at(-1), times.length, kinds])
  const shown = pointedAt ?? times.length - 1
  const figures = lines.map((line) => ({ line, words: wordsAt(line, shown, unit) }))
  const spoken = useMemo(
    () =>
      `${title}, over time. Now: ${lines.map((line) => `${line.name} ${wordsAt(line, times.length - 1, unit)}`).join(', ')}`,
    [times.at(-1), kinds],
  )
  return h(
    'figure',
    { class: 'chart' },
    h('figcaption', {}, h('h3', {}, title), h('span', { class: 'note' }, clock(times[shown]))),
    h('div', { class: 'plot', ref: holder, role: 'img', 'aria-label': spoken }),
    h(
      'ul',
      { class: 'legend' },
      ...figures.map(({ line, words }) => h('li', {}, key(line), line.name, ' ', h('b', {}, words))),
    ),
  )
}

function wordsAt({ values }: Line, index: number, unit: Unit): string {
  const value = values[index]
  return value === undefined ? '–' : WORDS[unit](value)
}

function clock(time: number | undefined): string {
  return time === undefined ? '' : `${new Date(time).toISOString().slice(11, 19)} UTC`
}

/** To the second only where marks are closer than a minute. */
function tick(second: number, [first = 0, next = first]: readonly number[]): string {
  return clock(second * 1000).slice(0, next - first < 60 ? 8 : 5)
}

function key({ colour, isDashed }: Line): ComponentChild {
  return h(
    'svg',
    { class: `key series-${colour % 6}`, viewBox: '0 0 18 8', 'aria-hidden': 'true', focusable: 'false' },
    h('path', { d: 'M0 4H18', 'stroke-dasharray': isDashed ? '4 3' : undefined }),
  )
}

function dataOf(times: readonly number[], lines: readonly Line[]): uPlot.AlignedData {
  const all = [...lines.map(({ values }) => values), ...lines.flatMap(({ low }) => (low ? [low] : []))]
  return [times.map((time) => time / 1000), ...all.map((values) => values.map((value) => value ?? null))]
}

function optionsOf(
  element: HTMLElement,
  unit: Unit,
  lines: readonly Line[],
  pointAt: (index: number | null) => void,
): uPlot.Options {
  const style = getComputedStyle(element)
  const banded = lines.filter(({ low }) => low !== undefined)
  const colour = (name: string) => style.getPropertyValue(name)
  const axis = {
    stroke: colour('--quiet'),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: colour('--rule'), width: 1 },
    ticks: { show: false },
  }
  return {
    width: element.clientWidth,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    legend: { show: false },
    cursor: { y: false, drag: { setScale: false, x: false, y: false } },
    hooks: { setCursor: [({ cursor }) => pointAt(cursor.idx ?? null)] },
    scales: { y: { range: (_, __, most) => [0, Math.max(LEAST_TOP[unit], most) * 1.08] } },
    axes: [
      { ...axis, size: 28, space: 70, values: (_, splits) => splits.map((second) => tick(second, splits)) },
      { ...axis, size: 66, space: 36, values: (_, splits) => splits.map(WORDS[unit]) },
    ],
    series: [
      {},
      ...lines.map(({ name, colour: index, isDashed }) => ({
        label: name,
        stroke: colour(seriesColour(index)),
        width: 2,
        points: { show: false },
        ...(isDashed && { dash: [5, 4] }),
      })),
      // The lower edges of bands come after all lines and are not drawn themselves.
      ...banded.map(() => ({ width: 0, points: { show: false } })),
    ],
    bands: banded.map((line, i) => ({
      series: [1 + lines.indexOf(line), 1 + lines.length + i],
      fill: `color-mix(in srgb, ${colour(seriesColour(line.colour))} 12%, transparent)`,
    })),
  }
}

/** A canvas keeps the colours that it was drawn with. */
function useDarkness(): boolean {
  const [isDark, setDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches)
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)')
    const changed = () => setDark(query.matches)
    query.addEventListener('change', changed)
    return () => query.removeEventListener('change', changed)
  }, [])
  return isDark
}
