import { MillraceError } from '@millrace/base'
import type { Actions, AddFile, RemoveFile } from '../log/actions.ts'
import { tableUrl } from '../log/log.ts'
import { readCommits } from './commits.ts'
import { fileKey } from './replay.ts'
import { openTable, type Snapshot } from './snapshot.ts'
import { commitTimes } from './time-travel.ts'

/** Versions whose changes are asked for, both ends among them. */
export interface VersionRange {
  readonly from: number
  readonly to: number
}

/** A file in the changes of a version, with a number that tells it apart from all others. */
export interface Placed {
  readonly file: AddFile
  readonly version: number
  readonly place: number
}

/** What a commit has changed, by where it can be read. */
export interface ChangesOfCommit {
  readonly version: number
  /** Milliseconds since 1970. */
  readonly time: number
  /** Its change files. If there are any, they have all changes. */
  readonly recorded: readonly Placed[]
  /** Files whose rows are all new, and files whose rows are all gone. */
  readonly appended: readonly Placed[]
  readonly dropped: readonly Placed[]
  /** Files that were removed, and files with the rows that were left of them. */
  readonly replaced: readonly Placed[]
  readonly replacing: readonly Placed[]
  /** Files whose deletion vector changed; both have the same path. */
  readonly marked: readonly { readonly before: Placed; readonly after: Placed }[]
}

/** Reads what the commits of these versions have changed. */
export async function readChanges(snapshot: Snapshot, { from, to }: VersionRange): Promise<ChangesOfCommit[]> {
  const { table } = snapshot
  const versions = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)
  const times = await commitTimes(table, from)
  let places = 0
  const changes: ChangesOfCommit[] = []
  for await (const { version, actions } of readCommits(table, versions)) {
    const time = timeOf(actions, times.get(version))
    if (!actions || time === undefined) {
      throw new MillraceError('TABLE_NOT_FOUND', `${tableUrl(table)}: version ${version} is no longer in its log`, {
        next: 'Ask for changes from a version on that `millrace history` shows.',
      })
    }
    const place = (file: AddFile) => ({ file, version, place: places++ })
    const recorded = (actions.cdc ?? []).map((file) => place({ ...file, modificationTime: 0 }))
    const gone = await removedFiles(snapshot, version, actions)
    const kinds = recorded.length > 0 ? NOTHING : kindsOf(snapshot, actions, gone, place)
    changes.push({ version, time, recorded, ...kinds })
  }
  return changes
}

function timeOf(actions: Actions | undefined, byFile: number | undefined): number | undefined {
  const recorded = actions?.commitInfo?.inCommitTimestamp
  return typeof recorded === 'number' ? recorded : byFile
}

const NOTHING = { appended: [], dropped: [], replaced: [], replacing: [], marked: [] }

function kindsOf(
  { table }: Snapshot,
  actions: Actions,
  gone: readonly AddFile[],
  place: (file: AddFile) => Placed,
): Omit<ChangesOfCommit, 'version' | 'time' | 'recorded'> {
  const came = actions.add.filter(({ dataChange }) => dataChange)
  const before = new Map(gone.map((file) => [fileKey(table, file.path), file]))
  const after = new Map(came.map((file) => [fileKey(table, file.path), file]))
  const marked = [...after].flatMap(([key, file]) => {
    const old = before.get(key)
    if (!old) return []
    const placed = place(file)
    return [{ before: { ...placed, file: old }, after: placed }]
  })
  const others = (files: ReadonlyMap<string, AddFile>, among: ReadonlyMap<string, AddFile>) =>
    [...files].flatMap(([key, file]) => (among.has(key) ? [] : [place(file)]))
  const [out, in_] = [others(before, after), others(after, before)]
  if (out.length > 0 && in_.length > 0) return { ...NOTHING, replaced: out, replacing: in_, marked }
  // Rows that were marked as deleted may come back in other files, so both are compared together.
  return marked.length > 0
    ? { ...NOTHING, replaced: out, replacing: in_, marked }
    : { ...NOTHING, dropped: out, appended: in_ }
}

/** Returns the files that a commit took rows away with, with what the scan of a file needs. */
async function removedFiles(snapshot: Snapshot, version: number, { remove }: Actions): Promise<AddFile[]> {
  const gone = remove.filter(({ dataChange }) => dataChange)
  if (gone.every(({ partitionValues }) => partitionValues)) return gone.map(asAdded)
  const before = await openTable(snapshot.table, version - 1)
  return gone.map((file) => before?.files.get(fileKey(snapshot.table, file.path)) ?? asAdded(file))
}

function asAdded({ path, partitionValues = {}, size = 0, deletionVector }: RemoveFile): AddFile {
  return {
    ...{ path, partitionValues, size, modificationTime: 0, dataChange: true },
    ...(deletionVector && { deletionVector }),
  }
}
