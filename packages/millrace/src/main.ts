#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// Called before any other import, so that all of them are cached once compiled.
enableCompileCache()
// DuckDB's calls sit on these threads; with the usual four, files and DNS would wait behind two queries.
process.env.UV_THREADPOOL_SIZE ??= '16'
const { runCommandLine } = await import('./command-line.ts')
await runCommandLine(process)
