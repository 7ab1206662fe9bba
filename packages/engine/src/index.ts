export { type DuckDB, type DuckDBOptions, openDuckDB, runBeside } from './duckdb.ts'
export { type Machine, openMachine } from './machine.ts'
export { quoteName, quoteText } from './quote.ts'
export { readableBy } from './readable.ts'
