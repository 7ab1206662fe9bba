import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Server } from './server.ts'
import { missingTool } from './toolchain.ts'

const VERSITYGW = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0'

export interface S3Address {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** S3 with real signatures and atomic conditional writes, over a folder. */
export const s3: Server<S3Address> = {
  pins: VERSITYGW,
  missing: () => missingTool('go'),
  install: (home, run) => run(['go', 'install', '-ldflags=-s -w', VERSITYGW], { GOBIN: home }),
  launch: async ({ home, data, freePort }) => {
    const objects = join(data, 'objects')
    const versions = join(data, 'versions')
    await Promise.all([mkdir(objects), mkdir(versions)])
    const port = await freePort()
    const address = {
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      accessKeyId: 'millrace',
      secretAccessKey: 'millrace-test-secret',
    }
    // S3 keeps connections as well.
    const serving = ['--keep-alive', '--port', `127.0.0.1:${port}`]
    return {
      command: [join(home, 'versitygw'), ...serving, 'posix', '--versioning-dir', versions, objects],
      env: { ROOT_ACCESS_KEY: address.accessKeyId, ROOT_SECRET_KEY: address.secretAccessKey },
      address,
      ready: async () => (await fetch(address.endpoint)).status === 403,
    }
  },
}
