import { fileURLToPath } from 'node:url'
import { MillraceError } from '@millrace/base'
import { fileStore } from './file.ts'
import type { ObjectStore } from './store.ts'

/** The store that a lake's address names. What only S3 needs is loaded for S3 alone. */
export async function openLake(address: string): Promise<ObjectStore> {
  if (address.startsWith('file:')) return fileStore(fileURLToPath(address))
  if (/^[a-z][a-z0-9+.-]+:/i.test(address)) throw new MillraceError('LAKE_ADDRESS', `no store for ${address}`)
  return fileStore(address)
}
