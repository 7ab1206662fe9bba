import { MillraceError } from '@millrace/base'

/** Refuses keys that lead out of the lake: they can come from a log that others have written. */
export function checkKey(url: string, key: string): void {
  const parts = key.split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..') || key.includes('\0')) {
    throw new MillraceError('TABLE_BROKEN', `${JSON.stringify(key)} is no name for an object in ${url}`)
  }
}
