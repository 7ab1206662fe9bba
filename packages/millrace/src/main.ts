#!/usr/bin/env node
import * as nodeModule from 'node:module'
import { isNewEnough, NEEDED } from './node-version.ts'

if (!isNewEnough(process.versions.node)) {
  const { node } = process.versions
  process.stderr.write(`error[USAGE]: this is Node ${node} (${process.execPath}): Millrace needs ${NEEDED}
next: Put a newer one first in PATH, or into the project: npm install --save-dev node@26\n`)
  process.exit(2)
}
// Called before any other import, so that all of them are cached once compiled.
nodeModule.enableCompileCache()
// DuckDB's calls sit on these threads; with the usual four, files and DNS would wait behind two queries.
process.env.UV_THREADPOOL_SIZE ??= '16'
hideExperiments(process)
const { runCommandLine } = await import('./command-line.ts')
await runCommandLine(process)

/** Node 22 says of its SQLite that it is an experiment; whoever runs the command can do nothing about it. */
function hideExperiments(process: NodeJS.Process): void {
  const emitWarning = process.emitWarning.bind(process) as (...args: unknown[]) => void
  process.emitWarning = (...args: unknown[]) => {
    if (args[1] !== 'ExperimentalWarning') emitWarning(...args)
  }
}
