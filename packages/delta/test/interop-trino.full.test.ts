import { withServices } from '@millrace/testkit'
import { vi } from 'vitest'
import { compareWithTrino } from './trino-tables.ts'

const it = withServices('trino', 's3')
vi.setConfig({ testTimeout: 300_000 })

it('a partitioned table of all types is to Trino what it is to us, whatever was done to it', ({ trino, s3 }) =>
  compareWithTrino(trino, s3, ['kind', 'day']))
