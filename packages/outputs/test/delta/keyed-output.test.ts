import { userRecord } from '../batches.ts'
import { describeOutput } from '../contract.ts'
import { outputInLake } from '../lake.ts'

describeOutput('delta of a keyed table', { storeCanFail: true, keyed: true }, async (machine) =>
  outputInLake('delta', machine, { column: 'ind', message: userRecord }),
)
