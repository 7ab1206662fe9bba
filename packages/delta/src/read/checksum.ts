import { MillraceError } from '@millrace/base'
import type { AddFile } from '../log/actions.ts'
import { logKey, type TableRef, tableUrl, versionName } from '../log/log.ts'
import type { Layered } from './layers.ts'

/** Compares the files of a version with the checksum file that some writers leave beside its commit. */
export async function refuseWrongChecksum(table: TableRef, version: number, files: Layered<AddFile>): Promise<void> {
  const bytes = await table.store.get(logKey(table, `${versionName(version)}.crc`))
  const expected = bytes && parse(bytes)
  if (!expected) return
  const size = files.values().reduce((sum, file) => sum + file.size, 0)
  if (expected.numFiles === files.size && expected.tableSizeBytes === size) return
  throw new MillraceError(
    'TABLE_BROKEN',
    `${tableUrl(table)} version ${version}: its checksum says ${expected.numFiles} files of ${expected.tableSizeBytes} bytes, ` +
      `its log ${files.size} of ${size}`,
  )
}

/** Parses a checksum file; returns undefined for a broken one, because its writer may have been killed. */
function parse(bytes: Uint8Array): { numFiles: number; tableSizeBytes: number } | undefined {
  try {
    const { numFiles, tableSizeBytes } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>
    return typeof numFiles === 'number' && typeof tableSizeBytes === 'number' ? { numFiles, tableSizeBytes } : undefined
  } catch {
    return undefined
  }
}
