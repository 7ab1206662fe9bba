import { MillraceError } from '@millrace/base'
import type { Actions, AddFile, Metadata, Protocol } from '../log/actions.ts'
import { listCommits, readCommit, type TableRef, tableUrl } from '../log/log.ts'

/** A table as it is at one version. Never changes. */
export interface Snapshot {
  readonly table: TableRef
  readonly version: number
  readonly protocol: Protocol
  readonly metadata: Metadata
  readonly files: ReadonlyMap<string, AddFile>
  readonly txns: ReadonlyMap<string, bigint>
}

/** Undefined: no table is there. */
export async function openTable(table: TableRef): Promise<Snapshot | undefined> {
  return replay(table, undefined)
}

/** The same table, with what has been committed since. */
export async function refresh(snapshot: Snapshot): Promise<Snapshot> {
  return (await replay(snapshot.table, snapshot)) ?? snapshot
}

async function replay(table: TableRef, base: Snapshot | undefined): Promise<Snapshot | undefined> {
  const versions = await listCommits(table, base?.version ?? -1)
  const builder = snapshotBuilder(table, base)
  for (const version of versions) {
    if (version !== builder.version + 1) {
      throw new MillraceError(
        'TABLE_BROKEN',
        `${tableUrl(table)}: version ${builder.version + 1} is missing from the log`,
      )
    }
    const actions = await readCommit(table, version)
    if (!actions)
      throw new MillraceError('TABLE_BROKEN', `${tableUrl(table)}: version ${version} went away while it was read`)
    builder.apply(version, actions)
  }
  return builder.version < 0 ? undefined : builder.finish()
}

function snapshotBuilder(table: TableRef, base: Snapshot | undefined) {
  const files = new Map(base?.files)
  const txns = new Map(base?.txns)
  let { protocol, metadata } = base ?? { protocol: undefined, metadata: undefined }
  const builder = {
    version: base?.version ?? -1,
    apply(version: number, actions: Actions): void {
      protocol = actions.protocol ?? protocol
      metadata = actions.metaData ?? metadata
      for (const { path } of actions.remove) files.delete(path)
      for (const add of actions.add) files.set(add.path, add)
      for (const { appId, version: progress } of actions.txn) txns.set(appId, progress)
      builder.version = version
    },
    finish(): Snapshot {
      if (!protocol || !metadata) {
        throw new MillraceError('TABLE_BROKEN', `${tableUrl(table)}: the log has no protocol or no metadata`)
      }
      return { table, version: builder.version, protocol, metadata, files, txns }
    },
  }
  return builder
}
