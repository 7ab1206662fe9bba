// @millrace/lake: openTable, optimizeTable
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { openDuckDB, openLake, openTable, optimizeTable } from '@millrace/lake'
import { job, ready, report } from '../../src/contestant.ts'

const { input, output } = job()
await cp(join(input, 'pin'), join(output, 'pin'), { recursive: true })
const store = await openLake(output)
const connection = await (await openDuckDB()).connect()
await ready()
const snapshot = await openTable({ store, path: 'pin' })
if (!snapshot) throw new Error('no table')
const workshop = { connection, folder: join(output, 'work'), runtime: systemRuntime }
const { addedFiles, removedFiles } = await optimizeTable(snapshot, workshop)
report({ figures: { 'files before': removedFiles, 'files after': addedFiles } })
