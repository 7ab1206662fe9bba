// 10 raw pins cleaned into Parquet for each of 1 to 100 data sets, by one engine; may grow with the data sets
import { cleaningOf } from '../cleaning.ts'
import { measureGrowth } from '../growth.ts'
import { rawPins } from '../raw-pins.ts'

const RECORDS = 10

await measureGrowth(
  async (size, folder) => cleaningOf((await rawPins(RECORDS)).join(''), folder, Math.ceil(size / 1000)),
  5,
)
