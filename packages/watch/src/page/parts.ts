import { type ComponentChild, type ComponentChildren, h } from 'preact'

/** A part of the page with a heading of its own, which the navigation leads to. */
export function panel(
  id: string,
  title: string,
  note: ComponentChild,
  ...children: ComponentChildren[]
): ComponentChild {
  const heading = h('h2', { id: `${id}-title` }, title)
  const head = h('div', { class: 'panel-head' }, heading, note ? h('p', { class: 'note' }, note) : null)
  return h('section', { id, class: 'panel', 'aria-labelledby': `${id}-title` }, head, ...children)
}

export interface Column<Row> {
  readonly head: ComponentChild
  readonly isNumber?: boolean
  cell(row: Row): ComponentChild
}

/** The first column names the row. On a narrow screen the table scrolls in its frame. */
export function table<Row>(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  keyOf: (row: Row) => string,
): ComponentChild {
  const classOf = ({ isNumber }: Column<Row>) => (isNumber ? 'number' : undefined)
  const head = columns.map((column) => h('th', { scope: 'col', class: classOf(column) }, column.head))
  const body = rows.map((row) => {
    const cells = columns.map((column, i) =>
      i === 0
        ? h('th', { scope: 'row', class: classOf(column) }, column.cell(row))
        : h('td', { class: classOf(column) }, column.cell(row)),
    )
    return h('tr', { key: keyOf(row) }, cells)
  })
  return h(
    'div',
    { class: 'frame', role: 'group', tabIndex: 0, 'aria-label': caption },
    h('table', {}, h('caption', { class: 'unseen' }, caption), h('thead', {}, h('tr', {}, head)), h('tbody', {}, body)),
  )
}

export function hint(words: string): ComponentChild {
  return h('p', { class: 'hint' }, words)
}

/** A share from 0 to 1 as a bar; what it means stands beside it. */
export function bar(share: number, kind = ''): ComponentChild {
  const width = `${(100 * Math.max(0, Math.min(1, share))).toFixed(1)}%`
  return h(
    'svg',
    { class: `bar ${kind}`, 'aria-hidden': 'true', focusable: 'false' },
    h('rect', { class: 'bar-whole', width: '100%', height: '100%', rx: 3 }),
    h('rect', { class: 'bar-part', width, height: '100%', rx: 3 }),
  )
}

/** Data sets keep their colour wherever they are shown. */
export function seriesColour(index: number): string {
  return `--series-${index % 6}`
}

export function chip(index: number): ComponentChild {
  return h(
    'svg',
    { class: `chip series-${index % 6}`, 'aria-hidden': 'true', focusable: 'false' },
    h('rect', { width: '100%', height: '100%', rx: 3 }),
  )
}
