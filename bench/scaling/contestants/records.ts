// 1,000 to 100,000 raw pins cleaned into Parquet; may grow with them
import { cleaningOf } from '../cleaning.ts'
import { measureGrowth } from '../growth.ts'
import { rawPins } from '../raw-pins.ts'

await measureGrowth(async (records, folder) => cleaningOf((await rawPins(records)).join(''), folder), 5)
