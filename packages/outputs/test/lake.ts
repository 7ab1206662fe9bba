import { systemRuntime } from '@millrace/base'
import { openTable, planScan, withScan } from '@millrace/delta'
import type { Machine } from '@millrace/engine'
import { outputAt } from '@millrace/outputs'
import { faultyStore, memoryStore } from '@millrace/store'
import type { OutputUnderTest } from './contract.ts'

const TABLE = 'contract'

/** An output of Delta tables in a lake in memory; `column` is SQL for the number of a row. */
export function outputInLake(
  address: string,
  { engine }: Machine,
  { suffix = '', column, message }: { suffix?: string; column: string; message: (number: number) => string },
): OutputUnderTest {
  const store = memoryStore(new Map(), systemRuntime)
  return {
    message,
    open: async ({ faults, ...context }) => {
      let calls = 0
      const { open } = await outputAt(address)
      return open({
        ...context,
        address,
        table: TABLE,
        store: faultyStore(store, () => faults(calls++), systemRuntime),
      })
    },
    async visible() {
      const snapshot = await openTable({ store, path: TABLE + suffix })
      if (!snapshot) return []
      const connection = await engine.connect()
      try {
        const reader = await withScan(planScan(snapshot), connection, (rows) =>
          connection.runAndReadAll(`SELECT ${column} FROM (${rows}) ORDER BY ALL`),
        )
        return reader.getRows().map(([number]) => Number(number))
      } finally {
        connection.closeSync()
      }
    },
    close: async () => {},
  }
}
