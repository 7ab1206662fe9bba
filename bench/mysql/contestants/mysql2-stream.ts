// mysql2 alone: one query, its rows as objects out of a stream, counted and dropped; nothing is sent
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createConnection } from 'mysql2'
import { job, ready, report } from '../../src/contestant.ts'
import { loginTo } from '../pins-in-mysql.ts'

const { services, output } = job()
const connection = createConnection(loginTo(services.mariadb ?? {}))
await connection.promise().ping()
await ready()
let rows = 0
for await (const _row of connection.query('SELECT * FROM pinterest_data').stream({ highWaterMark: 1_000 })) rows++
await writeFile(join(output, 'answer.jsonl'), JSON.stringify({ rows }))
connection.destroy()
report({ engine: 'mysql2 3.24.5' })
