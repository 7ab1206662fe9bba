#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// Before any other import: what follows is then compiled once and read back on later starts.
enableCompileCache()
// DuckDB's calls sit on these threads; with the usual four, files and DNS would wait behind two queries.
process.env.UV_THREADPOOL_SIZE ??= '16'
const { runCommandLine } = await import('./command-line.ts')
await runCommandLine(process)
