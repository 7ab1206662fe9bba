import { refuse } from '../refusal.ts'

/** How keys and values stand in a request: as JSON, or as base64 of whatever they are. */
export type Embedded = 'json' | 'binary'

const EMBEDDED: Readonly<Record<string, Embedded>> = {
  'application/vnd.kafka.json.v2+json': 'json',
  'application/vnd.kafka.json.v1+json': 'json',
  'application/vnd.kafka.binary.v2+json': 'binary',
  'application/vnd.kafka.binary.v1+json': 'binary',
  'application/vnd.kafka.v2+json': 'binary',
  'application/vnd.kafka.v1+json': 'binary',
  'application/json': 'binary',
}

const ANSWERED = 'application/vnd.kafka.v2+json'

const ANSWERS = new Set([
  ANSWERED,
  'application/vnd.kafka.json.v2+json',
  'application/vnd.kafka.binary.v2+json',
  'application/vnd.kafka+json',
  'application/json',
])

export function embeddedIn(contentType: string | undefined): Embedded {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';').map(trimmed)
  const embedded = EMBEDDED[type]
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))
  if (embedded && (charset === undefined || /^charset="?utf-?8"?$/.test(charset))) return embedded
  throw refuse(415, `HTTP 415 Unsupported Media Type: send ${Object.keys(EMBEDDED)[0]}`)
}

/** The best liked of the types that we can answer in. */
export function answerType(accept: string | undefined): string {
  if (accept === undefined || accept === '*/*' || accept === ANSWERED) return ANSWERED
  const liked = accept.toLowerCase().split(',').map(parseLiked)
  const best = liked.filter(({ type, weight }) => weight > 0 && chosen(type)).sort((a, b) => b.weight - a.weight)[0]
  const type = best && chosen(best.type)
  if (!type) throw refuse(406, 'HTTP 406 Not Acceptable')
  return type
}

function chosen(type: string): string | undefined {
  if (type === '*/*' || type === 'application/*') return ANSWERED
  return ANSWERS.has(type) ? type : undefined
}

function parseLiked(part: string): { readonly type: string; readonly weight: number } {
  const [type = '', ...parameters] = part.split(';').map(trimmed)
  const weight = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1)
  return { type, weight }
}

function trimmed(text: string): string {
  return text.trim()
}
