// @millrace/delta: openTable, optimizeTable
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { openTable, optimizeTable } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { openLake } from '@millrace/store'
import { job, ready, report } from '../../src/contestant.ts'

const { input, output } = job()
await cp(join(input, 'pin'), join(output, 'pin'), { recursive: true })
const store = await openLake(output)
const connection = await (await openDuckDB({ files: 'all' })).connect()
await ready()
const snapshot = await openTable({ store, path: 'pin' })
if (!snapshot) throw new Error('no table')
const context = { connection, folder: join(output, 'work'), runtime: systemRuntime }
const { addedFiles, removedFiles } = await optimizeTable(snapshot, context)
report({ figures: { 'files before': removedFiles, 'files after': addedFiles } })
