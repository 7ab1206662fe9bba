import type { ErrorCode } from '@millrace/base'

/** Logs without data files: what the table's files are. */
export const LOGS: Readonly<Record<string, readonly string[]>> = {
  'canonicalized-paths-normal-a': [],
  'canonicalized-paths-normal-b': [],
  'canonicalized-paths-special-a': [],
  'canonicalized-paths-special-b': [],
  checkpoint: ['15'],
  'corrupted-last-checkpoint': ['0', '1', '10', '2', '3', '4', '5', '6', '7', '8', '9'],
  'delete-re-add-same-file-different-transactions': ['bar', 'foo'],
  'deltalog-commit-info': ['abc'],
  'log-replay-special-characters': [],
  'log-replay-special-characters-a': [],
  'log-replay-special-characters-b': ['special%20p@%23h'],
  'update-deleted-directory': ['1', '10', '2', '3', '4', '5', '6', '7', '8', '9'],
}

/** Broken or too new on purpose: what a reader must say. */
export const REFUSALS: Readonly<Record<string, { readonly code: ErrorCode; readonly says: string }>> = {
  'data-reader-absolute-paths-escaped-chars': { code: 'TABLE_BROKEN', says: 'no metadata' },
  'deltalog-invalid-protocol-version': { code: 'TABLE_UNSUPPORTED', says: 'reader version 99' },
  'deltalog-state-reconstruction-from-checkpoint-missing-metadata': { code: 'TABLE_BROKEN', says: 'no metadata' },
  'deltalog-state-reconstruction-from-checkpoint-missing-protocol': { code: 'TABLE_BROKEN', says: 'no protocol' },
  'deltalog-state-reconstruction-without-metadata': { code: 'TABLE_BROKEN', says: 'no metadata' },
  'deltalog-state-reconstruction-without-protocol': { code: 'TABLE_BROKEN', says: 'no protocol' },
  'versions-not-contiguous': { code: 'TABLE_BROKEN', says: 'version 1 is missing' },
}

/** No tables: the first lacks a log, the others are files for tests of a file system. */
export const NO_TABLES = ['no-delta-log-folder', 'log-store-listFrom', 'log-store-read']
