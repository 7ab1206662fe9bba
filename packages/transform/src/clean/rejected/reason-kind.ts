const OF_THE_RECORD = /'[^']*'|"[^"]*"|\b\d+(?:\.\d+)?\b/g

/** Returns a reason without the texts and numbers of its own record, so that records refused alike have it in common. */
export function reasonKind(reason: string): string {
  return reason.replace(OF_THE_RECORD, '…')
}
