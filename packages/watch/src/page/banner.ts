import { type ComponentChild, h } from 'preact'
import type { Phase, WorkerState } from '../state.ts'
import { secondsInWords } from '../words.ts'

const SIGNS: Readonly<Record<Phase, string>> = {
  stuck: '✕',
  waiting: '!',
  rejecting: '!',
  starting: '…',
  'catching up': '»',
  'caught up': '✓',
  idle: '–',
}

/** Who this is, and how it is: one sentence that tells whether anybody has to do anything. */
export function header(state: WorkerState, lostSince: number | undefined): ComponentChild {
  const { worker, phase, sentence, at } = state
  const isLost = lostSince !== undefined
  const words = isLost ? `no word from this worker for ${secondsInWords((Date.now() - lostSince) / 1000)}` : sentence
  const kind = isLost ? 'lost' : phase
  showInTab(isLost ? '?' : SIGNS[phase], words)
  return h(
    'header',
    {},
    h(
      'div',
      { class: 'who' },
      h('h1', {}, wheel(), 'Millrace'),
      h(
        'p',
        { class: 'route' },
        h('span', {}, worker.source),
        h('span', { class: 'arrow', 'aria-hidden': 'true' }, '→'),
        h('span', { class: 'unseen' }, ' into '),
        h('span', {}, worker.lake),
      ),
      h(
        'p',
        { class: 'about' },
        `${worker.group} · ${worker.host} · process ${worker.pid} · ${worker.version} · up ${secondsInWords((at - worker.startedAt) / 1000)}`,
      ),
    ),
    h(
      'p',
      { class: `sentence ${kind.replace(' ', '-')}`, id: 'sentence' },
      h('span', { class: 'sign', 'aria-hidden': 'true' }, isLost ? '?' : SIGNS[phase]),
      h('span', { class: 'words' }, words),
    ),
    // Figures change every second; who listens is told when the phase does.
    h('p', { class: 'unseen', role: 'status' }, isLost ? 'no word from this worker' : phase),
  )
}

function showInTab(sign: string, words: string): void {
  const title = `${sign} ${words} – Millrace`
  if (document.title !== title) document.title = title
}

function wheel(): ComponentChild {
  const spokes = Array.from({ length: 8 }, (_, i) =>
    h('path', { d: 'M16 16V3.5m-3.2 0h6.4', transform: `rotate(${i * 45} 16 16)` }),
  )
  return h(
    'svg',
    { class: 'wheel', viewBox: '0 0 32 32', 'aria-hidden': 'true', focusable: 'false' },
    h('circle', { cx: 16, cy: 16, r: 8.5 }),
    ...spokes,
    h('circle', { class: 'hub', cx: 16, cy: 16, r: 2.5 }),
  )
}
