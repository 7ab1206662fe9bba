import { it } from 'vitest'
import { attackGateway } from './gateway-abuse.ts'
import { openMeasuredWorkplace } from './peak.ts'

// The machine may be busy with others: one slow minute is no slow gateway.
it('serves a client that behaves well while 64 others do not', {
  timeout: 120_000,
  retry: 2,
}, async ({ annotate, onTestFinished }) => {
  const place = await openMeasuredWorkplace(annotate)
  onTestFinished(() => place.leave())
  await attackGateway(place)
})
