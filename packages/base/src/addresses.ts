const ADDRESS = /^[a-z][a-z0-9+.-]*:/i

/**
 * Between `:` and the last `@` of an address, unless a port number shows that the `:` belongs to the host. All lengths
 * are bounded, here and below: messages quote what hostile servers say.
 */
const PASSWORD =
  /(:\/\/[^/?#@:\s'"]{0,256}?(?::|%3a))(?:(?!\d{1,5}(?:[/?#,\s'"]|$))[^\s'"]{1,1024}|[^/?#\s'"]{1,1024})(@|%40)/gi

/** Matches a user part in the address of a system that has no users: it may be a key. */
const USER = /\b((?:kafka|kinesis|s3|(?:rest|api):https?):\/\/)[^/?#@:\s'"]+@/gi

/** A backslash before a quote or a letter may be JSON's: there the value ends. */
const PARAMETER = /([?&;#])([^=&;#?\s'"]+)=(?:[^&;#\s'"\\]|\\(?!["nrt]))+/g

/** Somewhere in a parameter's name. */
const SECRET =
  /passw|passphrase|pwd|secret|token|credential|signature|authorization|(?:api|access|private|account)[-_.]?key/i

/** Matches a secret's name as the last word of a parameter: `x-sig`, `subscription-key`, but not `keyspace`. */
const SECRET_WORD = /(?:^|[-_.])(?:key|sig|sas|pass|auth|jwt)$/i

/** An address inside another one: `endpoint=https%3A%2F%2F…`, encoded once or more often. */
const ENCODED = /[a-z][a-z0-9+.-]{0,15}%(?:25){0,8}3a%(?:25){0,8}2f%(?:25){0,8}2f[^\s'"&#]*/gi

export function holdsSecret(address: string): boolean {
  return ADDRESS.test(address) && redact(address) !== address
}

/** For all that is printed: some library's message may carry an address as ours never would. */
export function redact(text: string): string {
  return text
    .replace(ENCODED, redactEncoded)
    .replace(PASSWORD, '$1***$2')
    .replace(USER, '$1***@')
    .replace(PARAMETER, (whole, mark: string, name: string) => (isSecret(name) ? `${mark}${name}=***` : whole))
}

function redactEncoded(encoded: string): string {
  const plain = decoded(encoded)
  if (plain === encoded) return encoded
  const shown = redact(plain)
  return shown === plain ? encoded : encodeURIComponent(shown)
}

function isSecret(name: string): boolean {
  const plain = decoded(name)
  return SECRET.test(plain) || SECRET_WORD.test(plain)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
