import { redact } from '@millrace/base'

/** The result of a check. */
export interface Finding {
  readonly check: string
  /** `not set`: nothing was configured or given there, which is no problem. */
  readonly result: 'ok' | 'problem' | 'not set'
  readonly detail: string
  /** Advice, if there is a problem. */
  readonly next?: string
}

/** Whatever a look throws is its finding. */
export async function find(check: string, look: () => Promise<Omit<Finding, 'check'> | string>): Promise<Finding> {
  try {
    const seen = await look()
    return { check, ...(typeof seen === 'string' ? { result: 'ok', detail: redact(seen) } : seen) }
  } catch (error) {
    const { message, next } = error as Error & { readonly next?: string }
    return problem(check, redact(message), next ?? 'See the output of --debug.')
  }
}

export function problem(check: string, detail: string, next: string): Finding {
  return { check, result: 'problem', detail, next }
}
