import type { Runtime } from '@millrace/base'
import { type StagedFile, type TableRef, uploadStaged } from '@millrace/delta'

/** Uploads each staged file once: an uploaded file is deleted here, so a repeated call continues with the rest. */
export function createUploads(table: TableRef, runtime: Runtime): (files: readonly StagedFile[]) => Promise<void> {
  const uploaded = new WeakSet<StagedFile>()
  const upload = async (file: StagedFile) => {
    if (uploaded.has(file)) return
    await uploadStaged(table, file)
    runtime.crashPoint('file uploaded')
    uploaded.add(file)
  }
  return async (files) => {
    await Promise.all(files.map(upload))
  }
}
