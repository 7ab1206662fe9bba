import { OUTPUTS } from '@millrace/outputs'
import { userRecord } from '../batches.ts'
import { describeOutput } from '../contract.ts'
import { outputInLake } from '../lake.ts'

describeOutput('delta', { storeCanFail: true }, async (machine) =>
  outputInLake(OUTPUTS.delta, machine, { column: 'ind', message: userRecord }),
)
