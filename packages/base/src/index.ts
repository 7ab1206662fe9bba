export { deadlineAfter, onAbort } from './aborting.ts'
export { holdsSecret, redact } from './addresses.ts'
export { readCertificate } from './certificate.ts'
export { escapeControls } from './controls.ts'
export { ERROR_CODES, type ErrorCode, type ErrorDetail, MillraceError } from './errors.ts'
export {
  type AwsCredentials,
  escapedPath,
  escapedQuery,
  openAwsSigner,
  type UnsignedRequest,
} from './http/aws-signature.ts'
export { boundedAnswers } from './http/bounded-body.ts'
export { boundedText } from './http/bounded-text.ts'
export { hostOf, isLoopback } from './http/loopback.ts'
export { presentedKey } from './http/presented-key.ts'
export { weaknessOf } from './http/weak-key.ts'
export { type GuardRefusal, webGuard } from './http/web-guard.ts'
export {
  combineTraits,
  concatValues,
  eachTraits,
  endBefore,
  type JoinedValues,
  joinValues,
  pickValues,
  type ValueTraits,
  valueAt,
} from './joined-values.ts'
export {
  exactNumber,
  isExactNumber,
  parseExactly,
  parseWithBigints,
  parseWithLongText,
  parseWithNumberText,
  refuseBomb,
} from './json.ts'
export { bytesOfKey, keyAt, shownKey, textOfKey } from './key-text.ts'
export { lowerBound } from './lower-bound.ts'
export { nearest } from './nearest.ts'
export { type Runtime, systemRuntime } from './runtime.ts'
export { type Environment, optionalSecret, requiredSecret } from './secret.ts'
export { createTurns, type Turns } from './turns.ts'
export { makeSweptFolder, openWorkFolder, workFolderPath } from './work-folder.ts'
