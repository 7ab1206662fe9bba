import type { Answer, AnswerColumn } from '../answers.ts'
import { type Html, html } from './html.ts'
import { columnText, counted, numberText } from './words.ts'

export interface Column {
  readonly name: string
  readonly isNumber: boolean
}

/** Returns a table. The page's script adds sorting, and a filter to answers. */
export function tableHtml(caption: string, columns: readonly Column[], rows: readonly (readonly unknown[])[]): Html {
  const cells = (row: readonly unknown[]) => columns.map((column, i) => cellHtml(column, row[i]))
  return html`<table><caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col"${column.isNumber ? html` class="number"` : undefined}>${columnText(column.name)}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => html`<tr>${cells(row)}</tr>\n`)}</tbody></table>`
}

function cellHtml({ isNumber }: Column, value: unknown): Html {
  if (value === null || value === undefined) return html`<td class="missing">none</td>`
  if (!isNumber) return html`<td><bdi>${String(value)}</bdi></td>`
  return html`<td class="number">${typeof value === 'number' ? numberText(value) : String(value)}</td>`
}

/** Whether a column's values are aligned and sorted as numbers. */
function isNumber(type: AnswerColumn['type']): boolean {
  return ['integer', 'long', 'double'].includes(type) || type.startsWith('decimal')
}

/** Returns the answer's rows as a scrollable table with a filter field. */
export function answerTable({ question: { id, title, chart }, columns, rows }: Answer): Html {
  // The x axis holds names even if they are numbers: the year 2018 must not become 2,018.
  const described = columns.map(({ name, type }) => ({ name, isNumber: isNumber(type) && name !== chart.x }))
  return html`<div class="answer" data-answer>
<p class="tools" hidden><label for="filter-${id}">Filter</label> <input id="filter-${id}" type="search" autocomplete="off" spellcheck="false"> <output for="filter-${id}">${counted(rows.length, 'row')}</output></p>
<div class="frame" role="region" tabindex="0" aria-label="Table: ${title}">${tableHtml(title, described, rows)}</div>
</div>`
}
