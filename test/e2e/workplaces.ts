import { afterEach } from 'vitest'
import { openWorkplace, type Workplace } from './millrace.ts'

/** Returns a function that opens workplaces for the tests of a file. Each is left after its test. */
export function openWorkplaces(): typeof openWorkplace {
  const places: Workplace[] = []
  afterEach(async () => {
    for (const place of places.splice(0)) await place.leave()
  })
  return async (environment) => {
    const place = await openWorkplace(environment)
    places.push(place)
    return place
  }
}
