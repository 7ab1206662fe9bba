#!/usr/bin/env node
import * as nodeModule from 'node:module'
import * as os from 'node:os'
import { refuseOldNode } from './terminal/node-version.ts'

refuseOldNode(process)
// Called before any other import, so that all of them are cached once compiled.
nodeModule.enableCompileCache()
// DuckDB's calls sit on these threads; with the usual four, files and DNS would wait behind two queries.
process.env.UV_THREADPOOL_SIZE ??= '16'
// DuckDB's allocator would give freed pages back within a second, and the next batch would get them anew, one by one. With
// fewer arenas than its own, keeping them for ten seconds takes no more memory.
process.env.DUCKDB_JE_MALLOC_CONF ??= `narenas:${Math.ceil(os.availableParallelism() / 4)},dirty_decay_ms:10000`
hideExperiments(process)
const { runCommandLine } = await import('./command-line.ts')
await runCommandLine(process)

/** Node 22 warns that its SQLite is experimental; users of the command can do nothing about it. */
function hideExperiments(process: NodeJS.Process): void {
  const emitWarning = process.emitWarning.bind(process) as (...args: unknown[]) => void
  process.emitWarning = (...args: unknown[]) => {
    if (args[1] !== 'ExperimentalWarning') emitWarning(...args)
  }
}
