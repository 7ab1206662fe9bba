import { type Html, html } from './html.ts'
import type { Point } from './points.ts'
import { numberText, shortText, someOf } from './words.ts'

export interface Bar {
  readonly label: string
  /** Small text beside the label. */
  readonly note?: string
  readonly value: number
  /** Text to show instead of the number. */
  readonly valueText?: string
}

export interface BarGroup {
  readonly heading?: string
  readonly bars: readonly Bar[]
}

/** Returns horizontal bars. Their labels are text of the page, so they wrap, scale and print like other text. */
export function barsHtml(groups: readonly BarGroup[], whole = greatest(groups)): Html {
  const group = ({ heading, bars }: BarGroup) =>
    html`<div class="bar-group">${heading === undefined ? undefined : html`<p class="bar-heading">${shortText(heading)}</p>`}
${bars.map((bar) => barHtml(bar, whole))}</div>`
  return html`<div class="bars">${groups.map(group)}</div>`
}

function barHtml({ label, note, value, valueText = numberText(value) }: Bar, whole: number): Html {
  const share = whole > 0 ? Math.max(0, Math.min(100, (100 * value) / whole)).toFixed(2) : 0
  const beside = note === undefined ? undefined : html` <small>${note}</small>`
  return html`<p class="bar"><span class="bar-label"><bdi>${shortText(label)}</bdi>${beside}</span><svg class="bar-line" focusable="false"><rect width="${share}%" height="100%" rx="2"/></svg><span class="bar-value">${valueText}</span></p>
`
}

function greatest(groups: readonly BarGroup[]): number {
  return groups.flatMap(({ bars }) => bars).reduce((most, { value }) => Math.max(most, value), 0)
}

/** Returns one bar for each x value, highest first, with the names of the series that reach its value. */
export function ranked(points: readonly Point[]): Bar[] {
  const bars = [...Map.groupBy(points, ({ x }) => x)].map(([label, tied]) => {
    const value = Math.max(...tied.map(({ y }) => y))
    const names = tied.flatMap(({ y, series }) => (series === undefined || y < value ? [] : [series]))
    return { label, value, ...(names.length === 0 ? {} : { note: someOf(names) }) }
  })
  return bars.sort((a, b) => b.value - a.value || (a.label < b.label ? -1 : 1))
}

/** Returns bars in the order of the answer, grouped by x value. */
export function grouped(points: readonly Point[]): BarGroup[] {
  if (points.every(({ series }) => series === undefined)) {
    return [{ bars: points.map(({ x, y }) => ({ label: x, value: y })) }]
  }
  return [...Map.groupBy(points, ({ x }) => x)].map(([heading, inGroup]) => ({
    heading,
    bars: inGroup.map(({ y, series = '' }) => ({ label: series, value: y })),
  }))
}
