import { describeOutput } from '../contract.ts'
import { outputInLake } from '../lake.ts'

describeOutput('quarantine', { storeCanFail: true }, async (machine) =>
  outputInLake('quarantine', machine, {
    suffix: '_quarantine',
    column: 'CAST("offset" AS INTEGER)',
    message: (number) => `{bad ${number}`,
  }),
)
