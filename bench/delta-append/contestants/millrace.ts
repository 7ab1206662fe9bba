// @millrace/delta: appendRows, an engine of one thread, each commit fsynced; a checkpoint when the log has outgrown the last one
import { checkpointIsDue, writeCheckpoint } from '@millrace/delta'
import { smallCommits } from '../../pins/small-commits.ts'
import { job, ready, report } from '../../src/contestant.ts'

/** How often it is looked whether a checkpoint is due: as often as delta-rs writes one. */
const LOOK_EVERY = 100

const { input, output, size, variant } = job()
const { context, open, append } = await smallCommits(input, output)
const keepOpen = variant === 'table kept open'
let snapshot = await open()
await ready()
const times: number[] = []
for (let commit = 1; commit <= size; commit++) {
  const before = performance.now()
  snapshot = await append(keepOpen ? snapshot : await open())
  if (commit % LOOK_EVERY === 0 && (await checkpointIsDue(snapshot.table))) await writeCheckpoint(snapshot, context)
  times.push((performance.now() - before) / 1000)
}
const tenth = Math.ceil(size / 10)
const perSecond = (part: readonly number[]) => part.length / part.reduce((sum, seconds) => sum + seconds, 0)
report({
  figures: {
    'commits/s, first tenth': perSecond(times.slice(0, tenth)),
    'commits/s, last tenth': perSecond(times.slice(-tenth)),
  },
})
