import { openLake } from '@millrace/store'
import { peakMemory } from '@millrace/testkit'
import { openTable } from '../../src/index.ts'

/** Opens a table in a process of its own, and says how many files it has and how much memory that took. */
const [lake = '', path = ''] = process.argv.slice(2)
const store = await openLake(lake)
const before = process.memoryUsage.rss()
const snapshot = await openTable({ store, path })
const peak = peakMemory()
process.stdout.write(JSON.stringify({ files: snapshot?.files.size, grownBy: peak - before }))
