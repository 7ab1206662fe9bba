// Cleans the same block over and over, two at a time; prints the resident bytes before it, and the most there ever were.
import { joinValues, openWorkFolder, systemRuntime } from '@millrace/base'
import { discardStaged, openOrCreate } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { memoryStore } from '@millrace/store'
import { PINTEREST, peakMemory } from '@millrace/testkit'
import { createCleaner, loadDataset } from '@millrace/transform'

const BLOCK_BYTES = 24 << 20
const AT_ONCE = 2

const times = Number(process.argv[2])
const pin = await loadDataset('pin', [PINTEREST.datasets])
const engine = await openDuckDB({ files: 'all' })
const workFolder = await openWorkFolder()
const cleaner = createCleaner({ engine, workFolder: workFolder.path, runtime: systemRuntime })
const snapshot = await openOrCreate({ store: memoryStore(), path: 'pin' }, { schema: pin.schema }, systemRuntime)
const block = joinValues(pinsOf(BLOCK_BYTES))
const before = process.memoryUsage.rss()
let left = times
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (left-- > 0) {
      const { files } = await cleaner.cleanIntoFiles(pin, [block], { snapshot })
      await Promise.all(files.map(discardStaged))
    }
  }),
)
process.stdout.write(JSON.stringify({ before, most: peakMemory(), bytes: times * BLOCK_BYTES }))
engine.close()
await workFolder.close()

function pinsOf(bytes: number): Buffer[] {
  const pins: Buffer[] = []
  for (let size = 0; size < bytes; size += pins.at(-1)?.length ?? 0) pins.push(onePin(pins.length))
  return pins
}

/** Texts that hardly repeat, so that neither dictionaries nor zstd make little of them. */
function onePin(index: number): Buffer {
  const words = (count: number) =>
    Array.from({ length: count }, (_, i) => ((index * 2654435761 + i * 40503) >>> 0).toString(36)).join(' ')
  const texts = { title: words(4), description: words(40), poster_name: words(2), tag_list: words(12) }
  return Buffer.from(JSON.stringify({ index, unique_id: words(5), follower_count: `${index % 900}k`, ...texts }))
}
