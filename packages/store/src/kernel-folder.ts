import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { MillraceError } from '@millrace/base'

/** Numbers by which Linux knows file systems that it makes up itself: statfs(2). Nothing can be stored there. */
const MADE_UP: ReadonlyMap<number, string> = new Map([
  [0x9fa0, 'proc'],
  [0x62656572, 'sysfs'],
  [0x27e0eb, 'cgroup'],
  [0x63677270, 'cgroup2'],
  [0x1cd1, 'devpts'],
  [0x64626720, 'debugfs'],
  [0x74726163, 'tracefs'],
  [0xcafe4a11, 'bpf'],
])

/** Refuses a lake in a file system of the kernel: its folders lead in circles, and its files never end. */
export function refuseKernelFolder(folder: string): void {
  if (process.platform !== 'linux') return
  const name = MADE_UP.get(fileSystemOf(folder))
  if (name === undefined) return
  throw new MillraceError('LAKE_ADDRESS', `${folder} is in ${name}, a file system of the kernel that holds no data`, {
    next: 'Name a folder on a disk.',
  })
}

/** Returns the number of the file system of a folder, or of the nearest one above it that is there. */
function fileSystemOf(folder: string): number {
  try {
    return statfsSync(folder).type
  } catch {
    return folder === dirname(folder) ? 0 : fileSystemOf(dirname(folder))
  }
}
