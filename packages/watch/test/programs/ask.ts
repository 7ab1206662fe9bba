import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { openOrCreate } from '@millrace/delta'
import { openLake } from '@millrace/store'
import { createLiveAnswers } from '../../src/answers.ts'

// node ask.ts FOLDER: asks a question of six million different values, and prints by how much that made the process grow.

const [folder = ''] = process.argv.slice(2)
const store = await openLake(join(folder, 'lake'))
const schema = { type: 'struct', fields: [{ name: 'n', type: 'long', nullable: true, metadata: {} }] } as const
await openOrCreate({ store, path: 'numbers' }, { schema }, systemRuntime)

const chart = { kind: 'bars', x: 'digit', y: 'many' }
await writeFile(join(folder, 'much.json'), JSON.stringify({ title: 'Much', chart, reads: ['numbers'] }))
await writeFile(
  join(folder, 'much.sql'),
  `SELECT (value % 10)::INTEGER AS digit, count(*) AS many
FROM (SELECT DISTINCT hash(range) AS value FROM range(6000000) WHERE range NOT IN (SELECT n FROM numbers))
GROUP BY ALL
ORDER BY digit`,
)

const answers = createLiveAnswers({
  store,
  questionFolders: [folder],
  runtime: systemRuntime,
  tableOf: (dataset) => dataset,
})
const before = process.memoryUsage.rss()
let peak = before
const look = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 5)
const { answers: answered, failed } = await answers()
clearInterval(look)
process.stdout.write(JSON.stringify({ rows: answered[0]?.rows, failed, grownBytes: peak - before }))
