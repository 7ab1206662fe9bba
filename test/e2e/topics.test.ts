import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { openProducer } from '@millrace/transport'
import { expect, it } from 'vitest'
import { openWorkplace } from './millrace.ts'

it('the topics that a data set takes are listed at the start and by doctor, with why, and what takes one alone', async () => {
  const place = await openWorkplace({ MILLRACE_DATASETS: 'pin,geo', MILLRACE_SOURCE: 'embedded:s.db' })
  try {
    const producer = await openProducer(`embedded:${join(place.folder, 's.db')}`, systemRuntime)
    for (const topic of ['0a1.pin', '0b2.pin', 'geo']) {
      await producer.send(topic, [{ value: Buffer.from('{"index":1}') }])
    }
    await producer.close()
    const all = '2 topics: 0a1.pin, 0b2.pin: all that are called pin or end in it; --topics pin=NAME takes one alone'

    const { stderr } = await place.run('stream', '--until-caught-up')
    expect(stderr).toContain(`pin reads ${all}`)
    expect(stderr).toContain('geo reads geo')
    const one = await place.run('stream', '--until-caught-up', '--topics', 'pin=0a1.pin', '--lake', 'other')
    expect(one.stderr).toContain('pin reads 0a1.pin"')

    const findings = JSON.parse((await place.run('doctor', '--json')).stdout)
    expect(findings).toContainEqual({ check: 'topics of pin', result: 'ok', detail: all })
    expect(findings).toContainEqual({ check: 'topics of geo', result: 'ok', detail: 'geo' })
  } finally {
    await place.leave()
  }
})
