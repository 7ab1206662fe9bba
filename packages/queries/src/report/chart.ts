import type { Answer } from '../answers.ts'
import { barsHtml, grouped, ranked } from './bars.ts'
import { type Html, html } from './html.ts'
import { linesHtml } from './lines.ts'
import { type Point, pointsOf } from './points.ts'
import { columnText, numberText, shortText } from './words.ts'

/** Maximum number of bars in a chart. The table has all values. */
const MOST_PLACES = 20
const MOST_BARS = 60

interface Drawing {
  readonly picture: Html
  /** Note on what the chart leaves out. */
  readonly note?: string
}

/** Returns the answer's chart, with a text for screen readers. */
export function chartHtml(answer: Answer): Html {
  const points = pointsOf(answer)
  if (points.length === 0) return html`<p class="empty">There is nothing to show: the answer has no row.</p>`
  const { picture, note } = drawingOf(answer, points)
  const caption = note === undefined ? undefined : html`<figcaption>${note}</figcaption>`
  return html`<figure><div role="img" aria-label="${spoken(answer, points)}">${picture}</div>${caption}</figure>`
}

function drawingOf({ question: { chart } }: Answer, points: readonly Point[]): Drawing {
  if (chart.kind === 'lines') return { picture: linesHtml(points) }
  if (chart.kind === 'countries') {
    const bars = ranked(points)
    const picture = barsHtml([{ bars: bars.slice(0, MOST_PLACES) }])
    if (bars.length <= MOST_PLACES) return { picture }
    return { picture, note: `The highest ${MOST_PLACES} of ${numberText(bars.length)}; all are in the table.` }
  }
  const picture = barsHtml(grouped(points.slice(0, MOST_BARS)))
  if (points.length <= MOST_BARS) return { picture }
  return { picture, note: `The first ${MOST_BARS} of ${numberText(points.length)}; all are in the table.` }
}

function spoken({ question: { chart } }: Answer, points: readonly Point[]): string {
  const kind = chart.kind === 'lines' ? 'Line chart' : 'Bar chart'
  const most = Math.max(...points.map(({ y }) => y))
  const highest = points.filter(({ y }) => y === most)
  const name = ({ x, series }: Point) => shortText(series === undefined ? x : `${x}, ${series}`)
  const others = highest.length > 1 ? ` and ${highest.length - 1} more` : ''
  const top = `The highest is ${numberText(most)}: ${highest.slice(0, 1).map(name)}${others}.`
  return `${kind} of ${columnText(chart.y)} by ${columnText(chart.x)}. ${top} The table has every value.`
}
