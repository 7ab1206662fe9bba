import { expect, it } from 'vitest'
import { withServices, withSharedData } from '../../src/index.ts'

it('passes', () => {})
it('fails', () => expect(1).toBe(2))
it.skip('is switched off', () => {})
withSharedData('no-such-data')('wants data', () => {})

const withS3 = withServices('s3')
withS3('wants a server', ({ s3 }) => expect(s3.endpoint).toBeDefined())
withS3('wants it too', ({ s3 }) => expect(s3.endpoint).toBeDefined())
