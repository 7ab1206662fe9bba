import { createHmac, hash } from 'node:crypto'

export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

export interface UnsignedRequest {
  readonly method: 'GET' | 'POST'
  /** Escaped, as all of the query is. */
  readonly path: string
  /** The query's parameters by name. */
  readonly query: string
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly region: string
  /** Milliseconds since 1970. */
  readonly time: number
}

const sha256 = (text: string) => hash('sha256', text)
const NO_BODY = sha256('')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()

/** Signs requests to a service of AWS by its Signature Version 4; the key of a day is derived once. */
export function openAwsSigner(service: 's3' | 'glue') {
  let made = { of: '', key: Buffer.alloc(0) }
  const keyOf = (secret: string, day: string, region: string) => {
    const of = [secret, day, region].join()
    if (made.of !== of) made = { of, key: [region, service, 'aws4_request'].reduce(hmac, hmac(`AWS4${secret}`, day)) }
    return made.key
  }
  /** Returns the request's headers with the signature. */
  return (
    { method, path, query, headers, body, region, time }: UnsignedRequest,
    credentials: AwsCredentials,
  ): Record<string, string> => {
    const stamp = new Date(time).toISOString().replace(/[-:]|\.\d+/g, '')
    const day = stamp.slice(0, 8)
    const content = body === undefined ? NO_BODY : sha256(body)
    const all: Record<string, string> = { ...headers, 'x-amz-content-sha256': content, 'x-amz-date': stamp }
    if (credentials.sessionToken !== undefined) all['x-amz-security-token'] = credentials.sessionToken
    const names = Object.keys(all).sort()
    const signed = names.join(';')
    const request = [method, path, query, ...names.map((name) => `${name}:${all[name]}`), '', signed, content].join(
      '\n',
    )
    const scope = `${day}/${region}/${service}/aws4_request`
    const text = ['AWS4-HMAC-SHA256', stamp, scope, sha256(request)].join('\n')
    const signature = hmac(keyOf(credentials.secretAccessKey, day, region), text).toString('hex')
    const credential = `${credentials.accessKeyId}/${scope}`
    all.authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signed}, Signature=${signature}`
    return all
  }
}

const UNESCAPED = /[!'()*]/g

/** Escapes as the signature requires, which covers the exact characters that are sent. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(UNESCAPED, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
}

export function escapedPath(path: string): string {
  return escaped(path).replaceAll('%2F', '/')
}

export function escapedQuery(query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).sort(([a], [b]) => (a < b ? -1 : 1))
  return pairs.map(([name, value]) => `${name}=${escaped(value)}`).join('&')
}
