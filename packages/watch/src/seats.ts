import type { ServerResponse } from 'node:http'

/** Bounds how many answers without end are open at a time. */
export interface Seats {
  /** Returns whether there is one for this answer, until it ends. */
  take(response: ServerResponse): boolean
}

export function openSeats(most: number): Seats {
  let taken = 0
  return {
    take(response) {
      if (taken >= most) return false
      taken++
      response.once('close', () => taken--)
      return true
    },
  }
}
