import { systemRuntime } from '@millrace/base'
import type { Command, Run } from '../command.ts'

const SOMETHING_WRONG = 1

const run: Run = async ({ values }, args, io) => {
  const { openLake, probeStore } = await import('@millrace/lake')
  const findings = await probeStore(await openLake(values.lake), systemRuntime)
  if (args.switch('--json')) io.json(findings)
  else
    await io.table(
      ['check', '', 'detail', 'next'],
      findings.map(({ check, ok, detail, next }) => [check, ok ? 'ok' : 'problem', detail, next]),
    )
  return findings.every(({ ok }) => ok) ? 0 : SOMETHING_WRONG
}

export const doctor: Command = {
  about:
    'Tries whether the lake can be trusted with a table: creates that are atomic, lists that are whole, clocks, permissions. Leaves nothing behind.',
  settings: ['lake'],
  options: [{ flag: '--json', description: 'as an array of objects' }],
  examples: [{ command: 'millrace doctor --lake s3://bucket/lake', does: 'before the first use of a bucket' }],
  run,
}
