import { crc32 } from 'node:zlib'
import type { Runtime } from '@millrace/base'
import type { AddFile, DeletionVector } from '../log/actions.ts'
import { dataKey, type TableRef } from '../log/log.ts'
import { isOn } from '../log/properties.ts'
import { deletedRows } from '../read/deletion-vector.ts'
import type { Snapshot } from '../read/snapshot.ts'
import { encodeZ85 } from '../read/z85.ts'
import { encodeRoaring } from './encode-roaring.ts'

/** Whether rows of the table may be marked as deleted, and their files stay. */
export function marksRows({ metadata, protocol }: Snapshot): boolean {
  const isFeature = (features: readonly string[] | null | undefined) => features?.includes('deletionVectors') ?? false
  return (
    isOn(metadata.configuration, 'delta.enableDeletionVectors') &&
    isFeature(protocol.readerFeatures) &&
    isFeature(protocol.writerFeatures)
  )
}

/** Rows of a file that go, beside those that went before. */
export interface MarkedRows {
  readonly file: AddFile
  readonly rows: readonly number[]
}

const VERSION = Buffer.from([1])

/** Writes the vectors of all files into one object, and returns the files with them. */
export async function writeVectors(
  table: TableRef,
  marked: readonly MarkedRows[],
  runtime: Runtime,
): Promise<AddFile[]> {
  if (marked.length === 0) return []
  const before = await deletedRows(
    table,
    marked.map(({ file }) => file),
  )
  const uuid = runtime.uuid()
  const pathOrInlineDv = encodeZ85(Buffer.from(uuid.replaceAll('-', ''), 'hex'))
  const parts: Buffer[] = [VERSION]
  let offset = VERSION.length
  const files = marked.map(({ file, rows }): AddFile => {
    const all = merged(before.get(file.path), rows)
    const bitmap = encodeRoaring(all)
    const frame = Buffer.alloc(8)
    frame.writeUInt32BE(bitmap.length, 0)
    frame.writeUInt32BE(crc32(bitmap), 4)
    parts.push(frame.subarray(0, 4), bitmap, frame.subarray(4))
    const deletionVector: DeletionVector = {
      ...{ storageType: 'u', pathOrInlineDv, offset, sizeInBytes: bitmap.length, cardinality: all.length },
    }
    offset += bitmap.length + frame.length
    return { ...file, deletionVector, dataChange: true, stats: wideStats(file.stats ?? '') }
  })
  await table.store.put(dataKey(table, `deletion_vector_${uuid}.bin`), Buffer.concat(parts))
  return files
}

/** Returns the rows whose bits are set, and these, in order. */
function merged(bits: Buffer | undefined, rows: readonly number[]): number[] {
  const all = new Set(rows)
  for (const [at, byte] of (bits ?? Buffer.alloc(0)).entries()) {
    for (let bit = 0; bit < 8; bit++) if (byte & (0x80 >> bit)) all.add(at * 8 + bit)
  }
  return [...all].sort((a, b) => a - b)
}

/** Returns statistics that say that bounds may be wider than the rows that are left. */
function wideStats(stats: string): string {
  return stats.includes('"tightBounds"')
    ? stats.replace(/"tightBounds"\s*:\s*true/, '"tightBounds":false')
    : stats.replace(/\}\s*$/, ',"tightBounds":false}')
}
