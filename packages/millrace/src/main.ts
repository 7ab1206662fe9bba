import { enableCompileCache } from 'node:module'

// Before any other import: what follows is then compiled once and read back on later starts.
enableCompileCache()
const { runCommandLine } = await import('./command-line.ts')
await runCommandLine(process)
