import { S3Client } from '@aws-sdk/client-s3'
import { escapedPath, escapedQuery, openAwsSigner, type UnsignedRequest } from '@millrace/base'
import { expect, it } from 'vitest'

const TIME = Date.UTC(2013, 4, 24)
const CREDENTIALS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}

it("signs AWS's own example", () => {
  const headers = { host: 'examplebucket.s3.amazonaws.com', range: 'bytes=0-9' }

  const request = { method: 'GET', path: '/test.txt', query: '', headers, region: 'us-east-1', time: TIME } as const
  const signed = openAwsSigner('s3')(request, CREDENTIALS)

  expect(signed.authorization).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ' +
      'SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, ' +
      'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  )
})

it("signs as the SDK's signer does, whatever the key, the day, the region and the credentials", async () => {
  const sign = openAwsSigner('s3')
  const role = { ...CREDENTIALS, accessKeyId: 'ASIA', secretAccessKey: 'of a role', sessionToken: 'token/+=' }
  for (const key of ['a b', 'a+b', '100%', '%2F', 'k=v/~w', ".hidden/(1)*'!", '日本/語', '😀', 'a&b;c,d:@$"?#[]']) {
    for (const credentials of [CREDENTIALS, role]) {
      for (const [region, time] of [
        ['us-east-1', TIME],
        ['eu-west-1', TIME + 86_400_000],
      ] as const) {
        const path = escapedPath(`/${key}`)
        const headers = { host: 'bucket.example', 'x-amz-checksum-mode': 'ENABLED' }

        const asked = { prefix: key, 'list-type': '2' }
        const query = escapedQuery(asked)
        const signed = sign({ method: 'GET', path, query, headers, region, time }, credentials)

        expect(signed).toEqual(
          await signedBySdk({ method: 'GET', path, query: asked, headers: without(signed), region, time }, credentials),
        )
      }
    }
  }
})

const ADDED = ['authorization', 'x-amz-date', 'x-amz-security-token']

/** What the SDK's signer adds again. */
function without(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ADDED.includes(name)))
}

type Asked = Omit<UnsignedRequest, 'query' | 'body'> & { readonly query: Readonly<Record<string, string>> }

async function signedBySdk(
  { query, region, time, ...asked }: Asked,
  credentials: typeof CREDENTIALS,
): Promise<Readonly<Record<string, string>>> {
  const client = new S3Client({ region, credentials })
  const scheme = { name: 'sigv4', signingName: 's3', signingRegion: region, properties: {} }
  const signer = await client.config.signer(scheme)
  const request = { protocol: 'https:', hostname: 'bucket.example', query, ...asked }
  const signed = await signer.sign(request, {
    signingDate: new Date(time),
    signingService: 's3',
    signingRegion: region,
  })
  return signed.headers
}
