export { type AsOf, type QueryResult, runSql } from './sql.ts'
