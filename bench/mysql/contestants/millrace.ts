// the emulator: by ranges of the key over a pool, as JSON, into Kafka by an idempotent producer

import { job } from '../../src/contestant.ts'
import { addressOf } from '../pins-in-mysql.ts'
import { sendAll } from '../send-all.ts'

const { services } = job()
await sendAll(addressOf(services.mariadb ?? {}), `kafka://${services.kafka?.bootstrap}`)
