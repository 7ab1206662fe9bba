// @millrace/delta: openTable, which has all files, their statistics and all progress in memory
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openTable } from '@millrace/delta'
import { openLake } from '@millrace/store'
import { job, ready, report } from '../../src/contestant.ts'

const { input, output } = job()
const store = await openLake(input)
await ready()
const snapshot = await openTable({ store, path: 'table' })
if (!snapshot) throw new Error('no table')
let bytes = 0
for (const { size } of snapshot.files.values()) bytes += size
report({})
const answer = { version: snapshot.version, files: snapshot.files.size, bytes }
await writeFile(join(output, 'answer.jsonl'), JSON.stringify(answer))
