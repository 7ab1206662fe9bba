import { faultyStore, type ObjectStore } from '@millrace/store'
import { archiveOutput } from '../../src/archive/output.ts'
import { userRecord } from '../batches.ts'
import type { OpenOptions, OutputUnderTest } from '../contract.ts'

/** The archive on one store, and what a reader of JSON lines sees in it. */
export function archiveOn(store: ObjectStore, codec: string, close: () => Promise<void>): OutputUnderTest {
  return {
    message: userRecord,
    async open({ faults, ...context }: OpenOptions) {
      const faulty = faultyStore(store, ({ number }) => faults(number), context.machine.runtime)
      return archiveOutput(faulty, { ...context, address: `archive:somewhere?codec=${codec}`, table: 'user', store })
    },
    async visible() {
      const numbers: number[] = []
      for await (const key of store.keys('topics/')) {
        const lines = await textOf(store, key)
        for (const line of lines.split('\n')) if (line.trim()) numbers.push((JSON.parse(line) as { ind: number }).ind)
      }
      return numbers.sort((a, b) => a - b)
    },
    close,
  }
}

async function textOf(store: ObjectStore, key: string): Promise<string> {
  const bytes = (await store.get(key)) as Uint8Array<ArrayBuffer>
  if (!key.endsWith('.gz')) return Buffer.from(bytes).toString()
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text()
}
