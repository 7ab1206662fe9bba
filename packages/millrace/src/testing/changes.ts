import { type FSWatcher, watch } from 'node:fs'
import { sep } from 'node:path'
import type { Runtime } from '@millrace/base'

/** What of a project has changed. */
export interface Changes {
  readonly datasets: ReadonlySet<string>
  readonly questions: boolean
}

/** An editor writes a file in several steps: they are one change. */
const QUIET_MS = 60

/** Watches the folders of data sets and questions, and calls back once they are quiet again. */
export function watchFolders(
  {
    datasetFolders,
    questionFolders,
  }: { readonly datasetFolders: readonly string[]; readonly questionFolders: readonly string[] },
  runtime: Runtime,
  changed: (changes: Changes) => void,
): Disposable {
  let datasets = new Set<string>()
  let questions = false
  let waiting = new AbortController()
  const later = () => {
    waiting.abort()
    waiting = new AbortController()
    const { signal } = waiting
    runtime.sleep(QUIET_MS, signal).then(
      () => {
        const changes = { datasets, questions }
        ;[datasets, questions] = [new Set(), false]
        changed(changes)
      },
      () => {},
    )
  }
  const watching = (folder: string, note: (path: string) => void): FSWatcher =>
    watch(folder, { recursive: true }, (_, path) => {
      if (path === null) return
      note(path)
      later()
    })
  const watchers = [
    ...datasetFolders.map((folder) => watching(folder, (path) => datasets.add(path.split(sep)[0] ?? ''))),
    ...questionFolders.map((folder) =>
      watching(folder, () => {
        questions = true
      }),
    ),
  ]
  return {
    [Symbol.dispose]() {
      waiting.abort()
      for (const watcher of watchers) watcher.close()
    },
  }
}
