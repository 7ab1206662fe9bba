import { openDuckDB } from '@millrace/engine'
import { openLake } from '@millrace/store'
import { peakMemory } from '@millrace/testkit'
import { openTable, planScan, type Snapshot, withScan } from '../../src/index.ts'

/** Reads a table in a process of its own, and says how many rows it has and how much memory that took. */
const [lake = '', path = ''] = process.argv.slice(2)
const snapshot = (await openTable({ store: await openLake(lake), path })) as Snapshot
const connection = await (await openDuckDB({ files: 'all' })).connect()
const before = process.memoryUsage.rss()
const count = (rows: string) => connection.runAndReadAll(`SELECT count(*)::INTEGER FROM (${rows})`)
const reader = await withScan(planScan(snapshot), connection, count)
process.stdout.write(JSON.stringify({ rows: reader.getRows()[0]?.[0], grownBy: peakMemory() - before }))
