import { execFileSync } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withServices } from '@millrace/testkit'
import type { TestContext } from 'vitest'
import { LOCAL } from './places.ts'
import { openScene } from './scene.ts'
import { leave } from './worker-process.ts'

const it = withServices('judge')

interface SmallDisk {
  fill(): Promise<void>
  makeRoom(): Promise<void>
}

const asShell = (command: string, folder: string) => execFileSync('sh', ['-c', command, folder], { stdio: 'ignore' })

/** A disk of a few megabytes; the test is skipped where this process may not mount one. */
async function openSmallDisk(
  folder: string,
  skip: TestContext['skip'],
  onTestFinished: TestContext['onTestFinished'],
): Promise<SmallDisk> {
  await mkdir(folder, { recursive: true })
  try {
    asShell('mount -t tmpfs -o size=12m tmpfs "$0"', folder)
  } catch {
    skip('needs the right to mount a small disk')
  }
  onTestFinished(() => void asShell('umount --lazy "$0"', folder))
  const ballast: string[] = []
  const put = async (size: number) => {
    const path = join(folder, `ballast-${ballast.length}`)
    ballast.push(path)
    await writeFile(path, Buffer.alloc(size))
  }
  return {
    async fill() {
      // Down to the last page.
      for (const size of [1 << 20, 1 << 12]) while (await put(size).then(alwaysTrue, isFull));
    },
    async makeRoom() {
      await Promise.all(ballast.map((path) => rm(path, { force: true })))
    },
  }
}

const alwaysTrue = () => true

function isFull(error: NodeJS.ErrnoException): false {
  if (error.code !== 'ENOSPC') throw error
  return false
}

// What the worker needs room for: what it commits, and what it is still working on.
it.for(['lake', 'work'] as const)(
  'the disk under the %s folder is full: the worker waits, says so, and goes on when there is room',
  async (which, { judge, skip, onTestFinished }) => {
    const scene = await openScene(LOCAL, onTestFinished)
    const { feed, start, feedUntil, folder } = scene
    const disk = await openSmallDisk(join(folder, which), skip, onTestFinished)
    await feed.send(50)
    const worker = start(which === 'work' ? { temporaryFolder: join(folder, which) } : {})
    await feedUntil(worker.passed('committed', 3))
    await disk.fill()
    await feedUntil(worker.waits(/space/))
    await disk.makeRoom()
    await worker.goesOn()
    await feedUntil(worker.passed('committed', 6))
    await leave(worker)
    await scene.expectEachRecordOnce(judge)
  },
)
