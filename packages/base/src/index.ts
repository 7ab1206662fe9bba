export { ERROR_CODES, type ErrorCode, type ErrorDetail, MillraceError } from './errors.ts'
export { type Runtime, systemRuntime } from './runtime.ts'
