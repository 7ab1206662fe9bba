import { MillraceError } from '@millrace/base'

/** A key comes from a log that others may have written: it must not lead out of the lake. */
export function checkKey(url: string, key: string): void {
  const parts = key.split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..') || key.includes('\0')) {
    throw new MillraceError('TABLE_BROKEN', `${JSON.stringify(key)} is no name for an object in ${url}`)
  }
}
