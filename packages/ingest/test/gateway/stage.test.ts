import { expect, it } from 'vitest'
import { JSON_V2, startGateway } from './kit.ts'

it.for(['/prod/topics/t', '/prod/streams/s/record'])(
  'says what path it expects where %s begins with a stage',
  async (path) => {
    const { ask } = await startGateway()
    const { status, text } = await ask('POST', path, '{"records":[{"value":{}}]}', { 'content-type': JSON_V2 })
    expect(status).toBe(404)
    expect(text).toContain('begin with /topics or /streams')
  },
)
