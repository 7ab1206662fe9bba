import type { Partition, Position } from '@millrace/transport'
import { expect, it } from 'vitest'
import { acknowledgeTogether } from '../src/progress/acknowledge.ts'
import { memoryTopic } from './memory-source.ts'

const topic = memoryTopic('events', 2)
const [first, second] = topic.partitions as [Partition, Partition]

function together(readers: number) {
  const reported: [string, Position][] = []
  const source = {
    ...topic.source(),
    acknowledge: async (positions: ReadonlyMap<Partition, Position>) => {
      for (const [{ id }, position] of positions) reported.push([id, position])
    },
  }
  const next = acknowledgeTogether(source, () => readers)
  return { reported, pipelines: Array.from({ length: readers }, next) }
}

it('a topic that one pipeline reads is done with as far as that one is', async () => {
  const { reported, pipelines } = together(1)
  await pipelines[0]?.(
    new Map([
      [first, [5n]],
      [second, [7n]],
    ]),
  )
  expect(reported).toEqual([
    ['0', [5n]],
    ['1', [7n]],
  ])
})

it('of several pipelines the slowest has the word, and none before all have said something', async () => {
  const { reported, pipelines } = together(2)
  const [fast, slow] = pipelines
  await fast?.(new Map([[first, [5n, 1n]]]))
  expect(reported).toEqual([])
  await slow?.(new Map([[first, [2n, 9n]]]))
  await fast?.(new Map([[first, [8n, 0n]]]))
  await slow?.(new Map([[first, [8n, 3n]]]))
  expect(reported.map(([, position]) => position)).toEqual([
    [2n, 9n],
    [2n, 9n],
    [8n, 0n],
  ])
})
