interface Case {
  readonly where: 'folder' | 's3'
  /** Messages sent in a second; as fast as the broker takes them, when not given. */
  readonly perSecond?: number
}

const CASES: Readonly<Record<string, Case>> = {
  'folder, 100,000 messages a second': { where: 'folder', perSecond: 100_000 },
  'folder, as many as the broker takes': { where: 'folder' },
  's3, as many as the broker takes': { where: 's3' },
}

export const CASE_NAMES: readonly string[] = Object.keys(CASES)

export function caseOf(variant: string): Case {
  const found = CASES[variant]
  if (!found) throw new Error(`no such case: ${variant}`)
  return found
}
