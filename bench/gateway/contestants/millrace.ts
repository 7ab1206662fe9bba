// the gateway, all of it: checked, logged, acknowledged by Kafka before it answers
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { openGateway } from '@millrace/ingest'
import { job } from '../../src/contestant.ts'
import { underLoad } from '../under-load.ts'

await underLoad((kafka) =>
  openGateway(
    {
      listen: { host: '127.0.0.1', port: 0 },
      to: `kafka://${kafka}`,
      keys: [],
      maxBodyBytes: 16 << 20,
      accessLog: join(job().output, 'access.log'),
    },
    systemRuntime,
  ),
)
