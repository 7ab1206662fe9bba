// the emulator's generator: bytes straight into a buffer
import { generatorFeed } from '@millrace/ingest'
import { PINTEREST } from '@millrace/testkit'
import { made } from '../made.ts'

const feed = await generatorFeed({
  datasets: ['pin', 'geo', 'user'],
  datasetFolders: [PINTEREST.datasets],
  mode: 'all',
  seed: 7,
})
await made(async (posts) => {
  const batch = await feed.next(posts)
  return [...(batch?.values() ?? [])].flat().reduce((bytes, record) => bytes + record.length, 0)
})
