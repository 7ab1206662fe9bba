// the emulator's generator: bytes straight into a buffer
import { generatorFeed } from '@millrace/ingest'
import { made } from '../made.ts'

const feed = generatorFeed({ datasets: ['pin', 'geo', 'user'], mode: 'all', seed: 7 })
await made(async (posts) => {
  const batch = await feed.next(posts)
  return [...(batch?.values() ?? [])].flat().reduce((bytes, record) => bytes + record.length, 0)
})
