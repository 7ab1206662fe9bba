// 200 raw pins cleaned into Parquet, each with a description of 1,000 to 100,000 bytes; may grow with them
import { cleaningOf } from '../cleaning.ts'
import { measureGrowth } from '../growth.ts'
import { rawPins } from '../raw-pins.ts'

const RECORDS = 200

await measureGrowth(async (bytes, folder) => {
  const lines = (await rawPins(RECORDS)).map((line, i) => {
    const description = `${i} `.repeat(bytes).slice(0, bytes)
    return `${JSON.stringify({ ...JSON.parse(line), description })}\n`
  })
  return cleaningOf(lines.join(''), folder)
}, 5)
