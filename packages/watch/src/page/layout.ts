import { type ComponentChild, h } from 'preact'
import { answersPanel } from './answers.ts'
import { header } from './banner.ts'
import { commitsPanel } from './commits.ts'
import { datasetsPanel } from './datasets.ts'
import type { View } from './feed.ts'
import { outputsPanel } from './outputs.ts'
import { Partitions } from './partitions.ts'
import { pipelinePanel } from './pipeline.ts'
import { quarantinePanel } from './quarantine.ts'
import { tablesPanel } from './tables.ts'
import { tiles } from './tiles.ts'
import { Trends } from './trends.ts'
import { workersPanel } from './workers.ts'

const PLACES = [
  ['pipeline', 'Pipeline'],
  ['trends', 'Trends'],
  ['datasets', 'Data sets'],
  ['lag', 'Lag'],
  ['commits', 'Commits'],
  ['quarantine', 'Quarantine'],
  ['outputs', 'Outputs'],
  ['tables', 'Tables'],
  ['workers', 'Workers'],
  ['answers', 'Answers'],
] as const

export function Page(view: View): ComponentChild {
  const { state, history, group, answers, lostSince, search, searched } = view
  return h(
    'div',
    { class: lostSince === undefined ? 'page' : 'page stale' },
    h('a', { class: 'skip', href: '#main' }, 'Skip to the figures'),
    header(state, lostSince),
    h(
      'nav',
      { 'aria-label': 'Parts of this page' },
      h('ul', {}, ...PLACES.map(([id, title]) => h('li', {}, h('a', { href: `#${id}` }, title)))),
    ),
    h(
      'main',
      { id: 'main', tabIndex: -1 },
      tiles(state),
      pipelinePanel(state),
      h(Trends, { history, state }),
      datasetsPanel(state, search),
      h(Partitions, { state, searched }),
      h('div', { class: 'side-by-side' }, commitsPanel(state), quarantinePanel(state)),
      outputsPanel(state),
      tablesPanel(state),
      workersPanel(state, group),
      answersPanel(answers, state.at),
    ),
    footer(),
  )
}

function footer(): ComponentChild {
  const links = ['metrics', 'state', 'history', 'group', 'healthz', 'readyz']
  return h(
    'footer',
    {},
    h('p', {}, 'Times are UTC. For machines: ', ...links.flatMap((path) => [h('a', { href: path }, `/${path}`), ' '])),
  )
}
