import { MillraceError } from '@millrace/base'

/** What a key may do: `produce` records, `read` about topics, or as `admin` make topics and remove them. */
export type Role = 'produce' | 'read' | 'admin'

export interface Grant {
  readonly role: Role
  readonly allows: (topic: string) => boolean
}

const ROLES: readonly Role[] = ['produce', 'read', 'admin']
const GRANT = /^([a-z]+)(?::([A-Za-z0-9._*-]+(?:,[A-Za-z0-9._*-]+)*))?$/

const everyTopic = () => true

export const ALL_GRANTS: readonly Grant[] = ROLES.map((role) => ({ role, allows: everyTopic }))
/** Those of a key that says nothing of what it may. */
export const USUAL_GRANTS: readonly Grant[] = ALL_GRANTS.filter(({ role }) => role !== 'admin')

/** `produce`, or `produce:orders,events-*` for some topics: `*` stands for any characters. */
export function readGrant(written: string, where: string): Grant {
  const [, name, patterns] = GRANT.exec(written) ?? []
  const role = ROLES.find((each) => each === name)
  if (!role) {
    throw new MillraceError('CONFIG_INVALID', `${where}: ${JSON.stringify(written)} is no role`, {
      next: 'Roles are produce, read and admin, each for all topics or for some: produce:orders,events-*',
    })
  }
  return { role, allows: patterns === undefined ? everyTopic : matcherOf(patterns.split(',')) }
}

export function mayDo(grants: readonly Grant[], role: Role, topic: string): boolean {
  return grants.some((grant) => grant.role === role && grant.allows(topic))
}

function matcherOf(patterns: readonly string[]): (topic: string) => boolean {
  const parts = patterns.map((pattern) => pattern.split('*'))
  return (topic) => parts.some((pieces) => matches(topic, pieces))
}

/** Each piece is found behind the one before: no pattern makes this take longer than the topic's length times its own. */
function matches(topic: string, pieces: readonly string[]): boolean {
  const [first = '', ...rest] = pieces
  const last = rest.pop()
  if (last === undefined) return topic === first
  if (!topic.startsWith(first)) return false
  let at = first.length
  for (const piece of rest) {
    const found = topic.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return topic.length - last.length >= at && topic.endsWith(last)
}
