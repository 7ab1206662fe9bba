import { execFile, spawnSync } from 'node:child_process'
import { cp, mkdir, realpath, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder, withServices } from '@millrace/testkit'
import { describe, expect } from 'vitest'

const run = promisify(execFile)
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** Mounts, and user ids of others, are for root alone, and not everywhere. */
const MAY_MOUNT = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0

describe.skipIf(!MAY_MOUNT)('the image', () => {
  const it = withServices('images')

  it('is small, cannot write its root, is no administrator, is well, and ends at SIGTERM', async ({ images }) => {
    const folder = await temporaryFolder()
    const [context, work] = [join(folder, 'context'), join(folder, 'work')]
    await Promise.all([cp(path('../image'), context, { recursive: true }), mkdir(work)])
    const packed = await run(process.execPath, [path('../../packages/millrace/build/pack.ts')])
    await rename(packed.stdout.trim(), join(context, 'millrace.tgz'))
    const npm = dirname(dirname(await realpath((await run('sh', ['-c', 'command -v npm'])).stdout.trim())))
    const node = await realpath(process.execPath)
    const words = ['--mount', 'bash', path('programs/try-image.sh'), images, context, work, node, npm]
    const { stdout, stderr } = await run('unshare', words, { maxBuffer: 64 << 20 })
    const found = Object.fromEntries(stdout.split('\n').map((line) => line.split(/=(.*)/)))
    expect(found, `${stdout}${stderr}`).toMatchObject({
      user: '65532:65532',
      labels: '1.2.3 Apache-2.0',
      entry: '/usr/local/bin/node /app/node_modules/millrace/dist/main.js stream',
      health: 'CMD /usr/local/bin/node /app/health.mjs',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      root: 'EROFS',
      uid: '65532',
      healthy: 'yes',
      exit: '143',
    })
    expect(Number(found.size)).toBeLessThan(250e6)
    expect(Number(found.components)).toBeGreaterThan(100)
  })
})
