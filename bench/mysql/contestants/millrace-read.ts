// the emulator's reading alone: the same records, dropped

import { job } from '../../src/contestant.ts'
import { addressOf } from '../pins-in-mysql.ts'
import { sendAll } from '../send-all.ts'

await sendAll(addressOf(job().services.mariadb ?? {}), { send: async () => {}, close: async () => {} })
