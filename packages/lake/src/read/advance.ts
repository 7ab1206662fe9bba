import type { Actions, AddFile } from '../log/actions.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * The table after a commit of our own, without asking the store: the entry after `snapshot` was just created, so
 * nobody else's lies between. Costs nothing in the number of files: they are put together when asked for.
 */
export function advance(snapshot: Snapshot, actions: Actions): Snapshot {
  const layer: Layer = { below: layers.get(snapshot) ?? { files: snapshot.files }, actions }
  const next: Snapshot = {
    table: snapshot.table,
    version: snapshot.version + 1,
    protocol: actions.protocol ?? snapshot.protocol,
    metadata: actions.metaData ?? snapshot.metadata,
    txns: new Map([...snapshot.txns, ...actions.txn.map((txn) => [txn.appId, txn.version] as const)]),
    get files() {
      return filesOf(layer)
    },
  }
  layers.set(next, layer)
  return next
}

/** The files of one version: known, or a commit on top of the version below. */
interface Layer {
  files?: ReadonlyMap<string, AddFile>
  below?: Layer
  readonly actions?: Actions
}

const layers = new WeakMap<Snapshot, Layer>()

function filesOf(top: Layer): ReadonlyMap<string, AddFile> {
  if (top.files) return top.files
  const commits: Actions[] = []
  let layer = top
  while (!layer.files && layer.below) {
    if (layer.actions) commits.push(layer.actions)
    layer = layer.below
  }
  const files = new Map(layer.files)
  for (const { remove, add } of commits.reverse()) {
    for (const { path } of remove) files.delete(path)
    for (const file of add) files.set(file.path, file)
  }
  top.files = files
  delete top.below
  return files
}
