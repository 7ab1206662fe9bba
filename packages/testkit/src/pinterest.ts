import { fileURLToPath } from 'node:url'

/** Folders of the example that tests use as their data. */
export const PINTEREST = {
  datasets: folderOf('datasets'),
  questions: folderOf('questions'),
}

function folderOf(name: string): string {
  return fileURLToPath(new URL(`../../../examples/pinterest/${name}`, import.meta.url))
}
