import { S3ServiceException } from '@aws-sdk/client-s3'
import { type Answer, textOf } from './http.ts'
import { element } from './xml.ts'

const LARGEST_REFUSAL = 1 << 20

/** Returns the error that the SDK would throw for this answer. */
export async function errorOf(answer: Answer): Promise<S3ServiceException> {
  const body = await textOf(answer, LARGEST_REFUSAL)
  const { statusCode: status = 0 } = answer
  return new S3ServiceException({
    name: element(body, 'Code') ?? (status === 404 ? 'NotFound' : 'UnknownError'),
    message: element(body, 'Message') ?? '',
    $fault: status < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode: status },
  })
}
