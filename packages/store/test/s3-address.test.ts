import { expect, it } from 'vitest'
import { parseS3Address } from '../src/s3/address.ts'

it('takes a bucket for itself', () => {
  expect(parseS3Address('s3://lake')).toEqual({
    bucket: 'lake',
    prefix: '',
    endpoint: undefined,
    region: undefined,
    pathStyle: false,
  })
})

it.for(['s3://lake/some/place', 's3://lake/some/place/', 's3://lake//some/place//'])(
  'finds the folder of %s',
  (address) => {
    expect(parseS3Address(address).prefix).toBe('some/place/')
  },
)

it('reads where the server is and how it wants to be called', () => {
  const address = 's3://lake/x?endpoint=http://127.0.0.1:9000&region=eu-west-1'

  expect(parseS3Address(address)).toMatchObject({
    endpoint: 'http://127.0.0.1:9000',
    region: 'eu-west-1',
    pathStyle: true,
  })
  expect(parseS3Address(`${address}&pathStyle=false`).pathStyle).toBe(false)
})

it.for([
  's3://AKIAEXAMPLE:verysecret@lake/x',
  's3://lake/x?accessKeyId=AKIAEXAMPLE',
  's3://lake/x?secret_access_key=verysecret',
  's3://lake/x?sessionToken=verysecret',
])('refuses an address with credentials, without repeating them: %s', (address) => {
  let refusal: unknown
  try {
    parseS3Address(address)
  } catch (error) {
    refusal = error
  }

  expect(refusal).toMatchObject({ code: 'SECRET_IN_URL' })
  expect(JSON.stringify([(refusal as Error).message, refusal])).not.toMatch(/AKIAEXAMPLE|verysecret/)
})

it.for([
  ['s3://lake/x?regoin=eu', 'regoin'],
  ['s3:///x', 'no bucket'],
  ['s3://lake?endpoint=localhost:9000', 'endpoint'],
  ['s3://lake?pathStyle=yes', 'pathStyle'],
])('says what is wrong with %s', ([address = '', what]) => {
  expect(() => parseS3Address(address)).toThrow(
    expect.objectContaining({ code: 'LAKE_ADDRESS', message: expect.stringContaining(what ?? '') }),
  )
})

it('refuses a directory bucket, whose listings have no order', () => {
  expect(() => parseS3Address('s3://lake--use1-az4--x-s3/x')).toThrow(
    expect.objectContaining({ code: 'STORE_UNSUITABLE' }),
  )
})
