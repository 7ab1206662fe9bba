import { MillraceError } from '@millrace/base'

export interface KinesisAddress {
  readonly region: string
  /** Something else than AWS's own: a stand-in, or a private endpoint. */
  readonly endpoint?: string
}

const REGION = /^[a-z]{2,}(-[a-z0-9]+)+$/

/** kinesis://region[?endpoint=URL]. Credentials come from the SDK's own chain. */
export function parseKinesisAddress(address: string): KinesisAddress {
  const [region = '', query = ''] = address.replace(/^kinesis:\/\//, '').split('?', 2)
  if (region.includes('@')) {
    throw new MillraceError('SECRET_IN_URL', 'the address of Kinesis holds a user', {
      next: 'Credentials come from the environment, ~/.aws or the role of the machine.',
    })
  }
  if (!REGION.test(region)) throw wrong(address, 'it begins with a region, such as kinesis://eu-west-1')
  const settings = new URLSearchParams(query)
  for (const name of settings.keys()) {
    if (name !== 'endpoint') throw wrong(address, `there is no setting ${name}; there is endpoint`)
  }
  const endpoint = settings.get('endpoint')
  if (endpoint === null) return { region }
  if (!URL.canParse(endpoint)) throw wrong(address, `${endpoint} is no URL`)
  return { region, endpoint }
}

function wrong(address: string, why: string): MillraceError {
  return new MillraceError('SOURCE_ADDRESS', `${address}: ${why}`)
}
