export { answerSql, loadAnswerFormats, writeAnswerFiles } from './answer-files.ts'
export {
  type Answer,
  type AnswerColumn,
  type AnswerRows,
  answerable,
  answerQuestions,
  duckdbQuestions,
  type QuestionEngine,
  type QuestionTables,
} from './answers.ts'
export { type TableQuality, tableQuality } from './quality.ts'
export { loadQuestions, type Question, type Questions, tablesOf } from './questions.ts'
export { chartHtml } from './report/chart.ts'
export { renderReport } from './report/page.ts'
export { type RunResults, readResults } from './results.ts'
export { BATCH, RUNS_SCHEMA, RUNS_TABLE, type RunRecord, readRuns, type StepTime, type TableAccount } from './runs.ts'
export type { TableRead } from './sql/attach.ts'
export { exportViews } from './sql/export.ts'
export { FORMATS, rowsOf } from './sql/formats.ts'
export { type QueryResult, runSql } from './sql/run.ts'
export { openSql, type SqlResult, type SqlSession } from './sql/session.ts'
export type { Sink } from './sql/sink.ts'
export { isWhole } from './sql/statements.ts'
export { type AsOf, timeOf } from './sql/tables.ts'
