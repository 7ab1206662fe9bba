export { ERROR_CODES, type ErrorCode, type ErrorDetail, MillraceError } from './errors.ts'
export { exactNumber, parseWithBigints } from './json.ts'
export { type Runtime, systemRuntime } from './runtime.ts'
