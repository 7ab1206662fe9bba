import type { KinesisAddress } from './kinesalite.ts'
import { installFromNpm, nodeServer } from './npm.ts'
import type { Server } from './server.ts'
import { missingTool } from './toolchain.ts'

const KINESIS_MOCK = 'kinesis-local@0.6.2'

const CHANGES = ['CREATE_STREAM', 'DELETE_STREAM', 'MERGE_SHARDS', 'SPLIT_SHARD', 'UPDATE_SHARD_COUNT']

/** Kinesis with the full lineage of shards, and ChildShards at the end of one. */
export const kinesisMock: Server<KinesisAddress> = {
  pins: KINESIS_MOCK,
  missing: () => missingTool('npm'),
  install: (home, run) => installFromNpm(home, run, KINESIS_MOCK),
  launch: async ({ home, freePort }) => {
    const port = await freePort()
    const endpoint = `http://127.0.0.1:${port}`
    return {
      command: nodeServer(home, 'kinesis-local/main.js'),
      env: {
        KINESIS_MOCK_PLAIN_PORT: String(port),
        KINESIS_MOCK_TLS_PORT: String(await freePort()),
        KINESIS_MOCK_CERT_PATH: `${home}/node_modules/kinesis-local/server.json`,
        SHARD_LIMIT: '1000',
        ...Object.fromEntries(CHANGES.map((change) => [`${change}_DURATION`, '20ms'])),
      },
      address: { endpoint, region: 'us-east-1' },
      ready: async () => (await fetch(`${endpoint}/healthcheck`)).ok,
    }
  },
}
