import { generateAuthToken } from 'aws-msk-iam-sasl-signer-js'

/** A token for Amazon MSK out of the usual AWS credentials: a presigned URL that lives 15 minutes. */
export async function mskToken(region: string): Promise<string> {
  const { token } = await generateAuthToken({ region })
  return token
}
