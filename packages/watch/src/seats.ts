import type { ServerResponse } from 'node:http'

/** Limits the number of concurrent streaming responses. */
export interface Seats {
  /** Takes a seat until the response closes. Returns false if none is free. */
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
