import { installFromNpm, nodeServer } from './npm.ts'
import type { Server } from './server.ts'
import { missingTool } from './toolchain.ts'

const KINESALITE = 'kinesalite@3.3.3'

export interface KinesisAddress {
  readonly endpoint: string
  readonly region: string
}

/** Kinesis by other people: quick, without ChildShards. The second opinion. */
export const kinesalite: Server<KinesisAddress> = {
  pins: KINESALITE,
  missing: () => missingTool('npm'),
  install: (home, run) => installFromNpm(home, run, KINESALITE),
  launch: async ({ home, freePort }) => {
    const port = await freePort()
    const quick = ['--createStreamMs', '20', '--deleteStreamMs', '20', '--updateStreamMs', '20']
    return {
      command: nodeServer(home, 'kinesalite/cli.js', '--port', String(port), '--shardLimit', '1000', ...quick),
      address: { endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1' },
      ready: async (log) => log.includes('Listening'),
    }
  },
}
