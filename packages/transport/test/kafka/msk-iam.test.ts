import { afterEach, describe, expect, it, vi } from 'vitest'
import { mskToken } from '../../src/kafka/msk-iam.ts'

describe('a token for Amazon MSK', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('is a presigned request to connect, signed with the credentials of this machine', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAEXAMPLE')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'example')
    const url = new URL(Buffer.from(await mskToken('eu-west-1'), 'base64url').toString())
    expect(url.hostname).toBe('kafka.eu-west-1.amazonaws.com')
    const said = Object.fromEntries(url.searchParams)
    expect(said).toMatchObject({ Action: 'kafka-cluster:Connect', 'X-Amz-Expires': '900' })
    expect(said['X-Amz-Credential']).toMatch(/^AKIAEXAMPLE\/\d{8}\/eu-west-1\/kafka-cluster\/aws4_request$/)
    expect(said['X-Amz-Signature']).toMatch(/^[0-9a-f]{64}$/)
  })
})
