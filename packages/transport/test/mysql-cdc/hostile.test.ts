import { systemRuntime } from '@millrace/base'
import { floodingGreeter, floodingMysql, MYSQL_FLOODS } from '@millrace/testkit'
import { openSource } from '@millrace/transport'
import { describe, expect, it, onTestFinished } from 'vitest'

describe('a MySQL server that sends without end', () => {
  const openedAt = async (port: number) => {
    const source = await openSource(`mysql-cdc://root@127.0.0.1:${port}/d`, systemRuntime)
    onTestFinished(() => source.close())
    return source
  }

  it.each(MYSQL_FLOODS)('%s to a question about its tables is left with a coded error', async (_, first, again) => {
    const source = await openedAt(await floodingMysql(first, again))
    await expect(source.partitions('d.t')).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED' })
  })

  it('in place of a greeting is left with a coded error', async () => {
    const source = await openedAt(await floodingGreeter())
    await expect(source.partitions('d.t')).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED' })
  })
})
