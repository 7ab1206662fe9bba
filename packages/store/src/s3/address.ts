import { MillraceError } from '@millrace/base'

export interface S3Address {
  readonly bucket: string
  /** Empty, or ending in `/`. */
  readonly prefix: string
  /** The URL of a server other than AWS's. */
  readonly endpoint: string | undefined
  readonly region: string | undefined
  readonly pathStyle: boolean
}

const SETTINGS = ['endpoint', 'region', 'pathStyle']
const SECRET = /key|secret|token|password|credential|signature/i
const FORM = 's3://bucket/prefix?endpoint=https://…&region=…&pathStyle=true'

/** Parses `s3://bucket/prefix?endpoint=…`. Credentials in an address are refused. */
export function parseS3Address(text: string): S3Address {
  const url = URL.parse(text)
  if (!url) throw new MillraceError('LAKE_ADDRESS', "the lake's address is not a URL", { next: `Say ${FORM}.` })
  const names = [...url.searchParams.keys()]
  if (url.username !== '' || url.password !== '' || names.some((name) => SECRET.test(name))) {
    throw new MillraceError('SECRET_IN_URL', `the address of bucket ${url.hostname} holds credentials`, {
      next: 'Take them out: credentials come from the environment, ~/.aws or the machine itself.',
    })
  }
  const unknown = names.find((name) => !SETTINGS.includes(name))
  if (unknown !== undefined) throw wrong(`${text}: there is no setting ${unknown}`)
  if (url.hostname === '') throw wrong(`${text} names no bucket`)
  if (url.hostname.endsWith('--x-s3')) {
    throw new MillraceError('STORE_UNSUITABLE', `${url.hostname} is a directory bucket, which lists in no order`, {
      next: 'Choose a general purpose bucket.',
    })
  }
  const endpoint = url.searchParams.get('endpoint') ?? undefined
  if (endpoint !== undefined && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
    throw wrong(`${text}: the endpoint is no http or https URL`)
  }
  return {
    bucket: url.hostname,
    prefix: prefixOf(url.pathname),
    endpoint,
    region: url.searchParams.get('region') ?? undefined,
    pathStyle: pathStyleOf(url.searchParams.get('pathStyle'), endpoint, text),
  }
}

/** Returns whether to use path-style URLs: most servers other than AWS's support no others. */
function pathStyleOf(said: string | null, endpoint: string | undefined, text: string): boolean {
  if (said === null) return endpoint !== undefined
  if (said === 'true' || said === 'false') return said === 'true'
  throw wrong(`${text}: pathStyle is true or false`)
}

function prefixOf(pathname: string): string {
  const prefix = decodeURIComponent(pathname).replace(/^\/+|\/+$/g, '')
  return prefix === '' ? '' : `${prefix}/`
}

function wrong(why: string): MillraceError {
  return new MillraceError('LAKE_ADDRESS', why, { next: `Say ${FORM}.` })
}
