import { readFile } from 'node:fs/promises'

import { createConnection } from 'mysql2/promise'
import { expect } from 'vitest'
import { withServices } from '../src/index.ts'

const it = withServices('mariadb')

it('answers over TLS that its certificate proves, and to nobody without', async ({ mariadb }) => {
  const { ca, ...login } = mariadb
  const connection = await createConnection({ ...login, ssl: { ca: await readFile(ca) } })
  const [rows] = await connection.query('SELECT 1 + 1 AS two')
  await connection.end()
  expect(rows).toEqual([{ two: 2 }])
  await expect(createConnection(login)).rejects.toThrow(/Access denied/)
})
