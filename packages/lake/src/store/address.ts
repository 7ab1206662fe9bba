import { fileURLToPath } from 'node:url'
import { MillraceError } from '@millrace/base'
import { fileStore } from './file.ts'
import type { ObjectStore } from './store.ts'

/** The store that a lake's address names. */
export function openLake(address: string): ObjectStore {
  if (address.startsWith('file:')) return fileStore(fileURLToPath(address))
  if (/^[a-z][a-z0-9+.-]+:/i.test(address)) throw new MillraceError('LAKE_ADDRESS', `no store for ${address}`)
  return fileStore(address)
}
