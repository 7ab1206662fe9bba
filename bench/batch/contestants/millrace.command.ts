// millrace batch: every record accounted for, Delta tables with statistics, a plan that survives a kill, answers in four formats
import { join } from 'node:path'
import { MILLRACE } from '../../src/contestant.ts'
import type { Command, Job } from '../../src/contract.ts'
import { DATE } from '../places.ts'

interface Said {
  readonly steps: readonly { readonly step: string; readonly seconds: number }[]
}

export function command({ input, output }: Job): Command {
  const places = ['--raw', input, '--lake', join(output, 'lake'), '--out', join(output, 'out')]
  return {
    command: [process.execPath, MILLRACE, 'batch', '--date', DATE, ...places, '--json'],
    figures: (last) => Object.fromEntries((last as Said).steps.map(({ step, seconds }) => [`${step} s`, seconds])),
  }
}
