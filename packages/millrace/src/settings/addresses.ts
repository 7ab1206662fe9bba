const SECRET_NAME = '[^=&;#\\s]*(?:password|passwd|pwd|secret|token|access.?key)[^=&;#\\s]*'

/** Between `:` and the last `@` of an address, unless a port number shows that the `:` belongs to the host. */
const IN_AUTHORITY = String.raw`(:\/\/[^/?#@:\s'"]*:)(?:(?!\d+(?:[/?#,\s'"]|$))[^\s'"]+|[^/?#\s'"]+)@`

const IN_PARAMETER = `([?&;]${SECRET_NAME}=)[^&;#\\s'"]+`

const ADDRESS = /^[a-z][a-z0-9+.-]*:/i

export function holdsSecret(address: string): boolean {
  return (
    ADDRESS.test(address) && (new RegExp(IN_AUTHORITY).test(address) || new RegExp(IN_PARAMETER, 'i').test(address))
  )
}

/** For all that is printed: some library's message may carry an address as ours never would. */
export function redact(text: string): string {
  return text.replace(new RegExp(IN_AUTHORITY, 'g'), '$1***@').replace(new RegExp(IN_PARAMETER, 'gi'), '$1***')
}
