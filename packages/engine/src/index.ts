export { type DuckDB, type DuckDBOptions, openDuckDB, runBeside, temporaryFolderOf } from './duckdb.ts'
export { type Machine, openMachine } from './machine.ts'
export { quoteName, quoteText } from './quote.ts'
export { filesOf, readableBy } from './readable.ts'
