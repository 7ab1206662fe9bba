import { type ComponentChild, h } from 'preact'
import type { DatasetState, WorkerState } from '../state.ts'
import { agoInWords, exactCountInWords } from '../words.ts'
import { type Column, hint, panel, table } from './parts.ts'

type OutputState = DatasetState['outputs'][number] & { readonly dataset: string }

/** Where records go, how each output is doing, and what went wrong there last. */
export function outputsPanel({ datasets, at }: WorkerState): ComponentChild {
  const outputs = datasets.flatMap(({ dataset, outputs: of }) => of.map((each) => ({ dataset, ...each })))
  if (outputs.length === 0) return panel('outputs', 'Outputs', '', hint('No output was opened yet.'))
  const columns: Column<OutputState>[] = [
    { head: 'Output', cell: ({ address }) => address },
    { head: 'Data set', cell: ({ dataset }) => dataset },
    { head: 'State', cell: (output) => h('span', { class: `phase ${TINTS[kindOf(output)]}` }, stateInWords(output)) },
    { head: 'Behind the anchor', isNumber: true, cell: behindInWords },
    {
      head: 'Last error',
      cell: ({ failure }) => (failure ? `${agoInWords(failure.at, at)}: ${failure.message}` : '–'),
    },
  ]
  return panel(
    'outputs',
    'Outputs',
    noteOf(outputs),
    table('Outputs', columns, outputs, ({ dataset, address }) => `${dataset} ${address}`),
  )
}

function noteOf(outputs: readonly OutputState[]): string {
  if (outputs.some(({ failure }) => failure?.lasts)) return 'the stream waits for an output; nothing is lost'
  if (outputs.some(({ isDetached }) => isDetached)) return 'what is detached gets what it has missed when it is back'
  return 'the anchor commits last'
}

/** Colours are those of phases. */
const TINTS = { level: 'caught-up', behind: '', fails: 'waiting', detached: '' } as const

function kindOf({ isDetached, failure, partitionsBehind }: OutputState): keyof typeof TINTS {
  if (isDetached) return 'detached'
  if (failure?.lasts) return 'fails'
  return partitionsBehind > 0 ? 'behind' : 'level'
}

function stateInWords(output: OutputState): string {
  const kind = kindOf(output)
  if (kind === 'detached') return 'detached'
  if (kind === 'fails') return 'fails, tried again'
  if (output.isAnchor) return 'anchor'
  return kind === 'behind' ? 'catching up' : 'level'
}

function behindInWords({ isAnchor, isDetached, behind, partitionsBehind }: OutputState): string {
  if (isAnchor || isDetached) return '–'
  if (behind !== undefined) return exactCountInWords(behind)
  return `in ${exactCountInWords(partitionsBehind)} ${partitionsBehind === 1 ? 'partition' : 'partitions'}`
}
