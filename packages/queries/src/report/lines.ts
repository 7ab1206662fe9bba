import { type Html, html } from './html.ts'
import type { Point } from './points.ts'
import { shortNumber, shortText } from './words.ts'

interface Frame {
  readonly width: number
  readonly height: number
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

const LARGE: Frame = { width: 360, height: 220, left: 44, right: 4, top: 22, bottom: 24 }
/** Horizontal space for the numbers of the first and last mark in a large chart. */
const INSET = 16

const SMALL: Frame = { width: 170, height: 96, left: 16, right: 30, top: 12, bottom: 18 }

/** Returns a line chart. Several series get a small chart each, with the other series in grey behind it. */
export function linesHtml(points: readonly Point[]): Html {
  const series = [...Map.groupBy(points, (point) => point.series ?? '').entries()]
  const scales = scalesOf(points)
  const [only] = series
  if (series.length <= 1) return html`${only ? largeLine(only[1], scales) : undefined}`
  const total = (of: readonly Point[]) => of.reduce((sum, { y }) => sum + y, 0)
  series.sort(([, a], [, b]) => total(b) - total(a))
  const all = series.map(([, of]) => of)
  return html`<div class="small-charts">${series.map(([name, of]) => smallLine(name, of, all, scales))}</div>`
}

interface Scales {
  readonly places: readonly string[]
  /** Maps an x value to 0 to 1. */
  along(x: string): number
  readonly ticks: readonly number[]
  /** Maps a y value to 0 to 1. */
  up(y: number): number
}

function scalesOf(points: readonly Point[]): Scales {
  const places = [...new Set(points.map(({ x }) => x))]
  const numbers = places.map(Number)
  const isNumeric = places.every((place) => /^-?\d+(\.\d+)?$/.test(place))
  const [first, last] = isNumeric ? [Math.min(...numbers), Math.max(...numbers)] : [0, places.length - 1]
  const position = (x: string) => (isNumeric ? Number(x) : places.indexOf(x))
  const ticks = ticksUpTo(points.reduce((most, { y }) => Math.max(most, y), 0))
  const top = ticks.at(-1) ?? 1
  return {
    places: isNumeric ? places.toSorted((a, b) => Number(a) - Number(b)) : places,
    along: (x) => (last === first ? 0.5 : (position(x) - first) / (last - first)),
    ticks,
    up: (y) => Math.max(0, y) / top,
  }
}

/** Returns three or more round numbers from 0 up. The last one is at least `most`. */
export function ticksUpTo(most: number): number[] {
  const rough = (most > 0 ? most : 1) / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough
  const count = Math.max(2, Math.ceil((most || 1) / step - 1e-9))
  return Array.from({ length: count + 1 }, (_, i) => i * step)
}

function placing({ width, height, left, right, top, bottom }: Frame, { along, up }: Scales, inset = 0) {
  return {
    x: (place: string) => round(left + inset + along(place) * (width - left - right - 2 * inset)),
    y: (value: number) => round(height - bottom - up(value) * (height - top - bottom)),
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function largeLine(points: readonly Point[], scales: Scales): Html {
  const { x, y } = placing(LARGE, scales, INSET)
  const { width, height, left, right } = LARGE
  const grid = scales.ticks.map(
    (tick) => html`<line class="grid" x1="${left}" x2="${width - right}" y1="${y(tick)}" y2="${y(tick)}"/>
<text class="tick" x="${left - 6}" y="${y(tick) + 4}" text-anchor="end">${shortNumber(tick)}</text>`,
  )
  const labels = thinned(scales.places, 8).map(
    (place) =>
      html`<text class="tick" x="${x(place)}" y="${height - 6}" text-anchor="middle">${shortText(place)}</text>`,
  )
  const marks = points.map(
    (point) => html`<circle cx="${x(point.x)}" cy="${y(point.y)}" r="3.5"/>
${points.length > 10 ? undefined : html`<text class="value" x="${x(point.x)}" y="${y(point.y) - 8}" text-anchor="middle">${shortNumber(point.y)}</text>`}`,
  )
  return html`<svg class="line-chart" viewBox="0 0 ${width} ${height}" focusable="false">${grid}${labels}
${lineHtml(points, x, y, 'line')}${marks}</svg>`
}

function smallLine(name: string, points: readonly Point[], all: readonly (readonly Point[])[], scales: Scales): Html {
  const { x, y } = placing(SMALL, scales)
  const { width, height, left, right } = SMALL
  const last = points.toSorted((a, b) => scales.along(a.x) - scales.along(b.x)).at(-1)
  const ends = thinned(scales.places, 2)
  return html`<div class="small-chart"><p><bdi>${shortText(name)}</bdi></p>
<svg viewBox="0 0 ${width} ${height}" focusable="false">
<line class="grid" x1="${left}" x2="${width - right}" y1="${y(0)}" y2="${y(0)}"/>
${all.map((other) => lineHtml(other, x, y, 'other'))}
${lineHtml(points, x, y, 'line')}
${last && html`<circle cx="${x(last.x)}" cy="${y(last.y)}" r="3"/><text class="value" x="${x(last.x) + 6}" y="${y(last.y) + 4}">${shortNumber(last.y)}</text>`}
${ends.map((place) => html`<text class="tick" x="${x(place)}" y="${height - 5}" text-anchor="middle">${shortText(place)}</text>`)}
</svg></div>
`
}

function lineHtml(
  points: readonly Point[],
  x: (place: string) => number,
  y: (value: number) => number,
  kind: 'line' | 'other',
): Html {
  const corners = points.map((point) => [x(point.x), y(point.y)] as const).sort(([a], [b]) => a - b)
  return html`<polyline class="${kind}" points="${corners.map((corner) => corner.join(',')).join(' ')}"/>
`
}

/** Returns at most `most` evenly spread places, including the first and last, so that their labels do not touch. */
function thinned(places: readonly string[], most: number): string[] {
  if (places.length <= most) return [...places]
  const step = (places.length - 1) / (most - 1)
  return Array.from({ length: most }, (_, i) => places[Math.round(i * step)] ?? '')
}
