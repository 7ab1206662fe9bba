// Prints what the moments of four records are, and how far this process's zone is from UTC.
import { joinValues } from '@millrace/base'
import { stagedRows } from '@millrace/delta'
import { PINTEREST } from '@millrace/testkit'
import { loadDataset } from '@millrace/transform'
import { createKit } from '../kit.ts'

const geo = await loadDataset('geo', [PINTEREST.datasets])
const moments = ['2021-03-28 02:30:00', '2021-03-28T02:30:00Z', '2021:03:28 02:30:00', '2021-03-28T02:30:00+01:30']
const values = moments.map((timestamp, ind) => Buffer.from(JSON.stringify({ ind, timestamp })))
const kit = await createKit()
const target = await kit.target(geo)
const { files } = await kit.cleaner.cleanIntoFiles(geo, [joinValues(values)], target)
const rows = stagedRows(target.snapshot, files, ['ind', 'timestamp'])
const micros = await kit.query(`SELECT epoch_us(timestamp)::VARCHAR FROM (${rows}) ORDER BY ind`)
process.stdout.write(JSON.stringify({ offset: new Date(0).getTimezoneOffset(), micros }))
await kit.close()
