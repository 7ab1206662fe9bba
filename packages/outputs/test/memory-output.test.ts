import { userRecord } from './batches.ts'
import { describeOutput } from './contract.ts'
import { emptyPlace, memoryOutput } from './memory-output.ts'

describeOutput('in memory', { storeCanFail: true }, async () => {
  const place = emptyPlace()
  return {
    open: async (options) => memoryOutput(place, options),
    message: userRecord,
    visible: async () => place.state.rows.map(({ ind }) => Number(ind)).sort((a, b) => a - b),
    close: async () => {},
  }
})
