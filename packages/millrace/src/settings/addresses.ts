const SECRET_PARAMETER = /[?&;][^=&;#]*(?:password|passwd|pwd|secret|token|access.?key)[^=&;#]*=[^&;#]/i

/**
 * A password stands between `:` and `@` of an address. It may itself hold `/` or `?`, which end the part
 * of an address where it belongs, so the search goes on past them unless a port number says otherwise.
 */
const PASSWORD_BEFORE_HOST = /:\/\/[^/?#@:\s]*:(?:[^/?#@\s]+@|(?!\d+(?:[/?#,]|$))[^@\s]+@)/

export function holdsSecret(address: string): boolean {
  return PASSWORD_BEFORE_HOST.test(address) || (/^[a-z][a-z0-9+.-]*:/i.test(address) && SECRET_PARAMETER.test(address))
}

/** For all that is printed: an address in some library's message may carry what ours never would. */
export function redact(text: string): string {
  return text
    .replace(/(:\/\/[^/?#@:\s'"]*:)[^/?#@\s]+@/g, '$1***@')
    .replace(/(:\/\/[^/?#@:\s'"]*:)(?!\d+(?:[/?#,\s'"]|$))[^@\s'"]+@/g, '$1***@')
    .replace(/([?&;](?:[^=&;#\s]*(?:password|passwd|pwd|secret|token|access.?key)[^=&;#\s]*)=)[^&;#\s'"]+/gi, '$1***')
}
