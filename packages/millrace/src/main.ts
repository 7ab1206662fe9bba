#!/usr/bin/env node
import * as nodeModule from 'node:module'
import { refuseOldNode } from './terminal/node-version.ts'

refuseOldNode(process)
// Called before any other import, so that all of them are cached once compiled.
nodeModule.enableCompileCache()
// DuckDB's calls sit on these threads; with the usual four, files and DNS would wait behind two queries.
process.env.UV_THREADPOOL_SIZE ??= '16'
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
