export { type QueryResult, runSql } from './sql.ts'
