import { escapeControls, systemRuntime } from '@millrace/base'
import type { Command, Io, Run } from '../command.ts'
import type { Finding } from '../doctor/finding.ts'
import { attachedOutputs } from '../settings/attached-outputs.ts'
import type { ResolvedSettings } from '../settings/resolve.ts'
import { tableNames } from '../settings/table-names.ts'

const SOMETHING_WRONG = 1

const run: Run = async (settings, args, io) => {
  const findings = await runChecks(settings)
  if (args.switch('--json')) io.json(findings)
  else print(findings, io)
  return findings.some(({ result }) => result === 'problem') ? SOMETHING_WRONG : 0
}

async function runChecks({ values, origins }: ResolvedSettings): Promise<Finding[]> {
  const [
    { checkMachine },
    { checkLake },
    { checkSource },
    { checkRegistry },
    { checkOutputs, checkStores },
    { findRoutes },
    { loadDataset },
  ] = await Promise.all([
    import('../doctor/machine.ts'),
    import('../doctor/lake.ts'),
    import('../doctor/source.ts'),
    import('../doctor/registry.ts'),
    import('../doctor/outputs.ts'),
    import('@millrace/stream'),
    import('@millrace/transform'),
  ])
  const { source, lake, datasets, datasetFolders, topics = {}, nullColumns, registry } = values
  const { attached, detached } = attachedOutputs(values)
  const tableOf = tableNames(values)
  const said = Object.values(origins).filter(({ kind }) => kind !== 'default' && kind !== 'unset')
  const tables = datasets.flatMap((name) => {
    const dataset = () => loadDataset(name, datasetFolders)
    return [
      { path: tableOf(name), dataset, nullColumns: nullColumns[name] ?? [] },
      { path: `${tableOf(name)}_quarantine` },
    ]
  })
  return [
    { check: 'configuration', result: 'ok', detail: `valid; ${said.length} settings are not the default` },
    ...(await checkMachine()),
    ...(await checkRegistry(registry)),
    ...(await checkOutputs(attached, detached)),
    ...(await checkLake({ lake, isDefault: origins.lake.kind === 'default', tables }, systemRuntime)),
    ...(await checkStores(attached)),
    ...(await checkSource(
      {
        source,
        isDefault: origins.source.kind === 'default',
        named: Object.keys(topics),
        routes: () => findRoutes(source, { datasets, topics, tableOf }),
      },
      systemRuntime,
    )),
  ]
}

const MARKS = { ok: ['green', 'ok'], problem: ['red', 'problem'], 'not set': ['dim', 'not set'] } as const
const WIDEST_MARK = 'problem'.length

function print(findings: readonly Finding[], { line, style }: Io): void {
  const width = Math.max(...findings.map(({ check }) => check.length))
  for (const [i, { check, result, detail, next }] of findings.entries()) {
    const [colour, word] = MARKS[result]
    line(`${style(colour, word.padEnd(WIDEST_MARK))}  ${escapeControls(`${check.padEnd(width)}  ${detail}`)}`)
    // Several lines that call for the same say it once, below the last of them.
    if (next !== undefined && findings[i + 1]?.next !== next)
      line(`${' '.repeat(WIDEST_MARK + width + 4)}${style('cyan', 'next:')} ${next}`)
  }
}

export const doctor: Command = {
  about:
    'Looks at what is configured: versions, memory, disk; whether the lake, and an archive, can be trusted (atomic creates, whole lists, clocks, permissions) and the tables can be written; whether the source answers and its topics can be read. Leaves nothing behind.',
  settings: [
    'lake',
    'outputs',
    'detach',
    'source',
    'datasets',
    'datasetFolders',
    'topics',
    'tables',
    'nullColumns',
    'registry',
  ],
  options: [{ flag: '--json', description: 'as an array of objects' }],
  examples: [
    { command: 'millrace doctor --lake s3://bucket/lake', does: 'before the first use of a bucket' },
    { command: 'millrace doctor --source kafka://broker:9092', does: 'can the topics be read?' },
    { command: 'millrace doctor --to postgres://loader@db.example/posts', does: 'does the database answer?' },
  ],
  run,
}
