import {
  chanceOf,
  daysBetween,
  endRecord,
  literal,
  type Page,
  put,
  putInteger,
  putMoment,
  putOneOf,
  quotable,
  type RecordGenerator,
} from '@millrace/ingest'
import { mostlyLow, posterOf } from '../../generator/poster.ts'
import { FIRST_NAMES, LAST_NAMES } from '../../generator/words.ts'

const USER = 6

const FIELDS = {
  ind: literal('{"ind":'),
  firstName: literal(',"first_name":"'),
  lastName: literal('","last_name":"'),
  age: literal('","age":'),
  dateJoined: literal(',"date_joined":"'),
  end: literal('"}'),
}

const DAYS = daysBetween('2015-10-21', '2017-10-20')

const [YOUNGEST, OLDEST] = [20, 60]

const firstNames = FIRST_NAMES.map(quotable)
const lastNames = LAST_NAMES.map(quotable)

/** All of it is the poster's. */
function writeUser(page: Page, seed: number, post: number, poster: number): void {
  const user = chanceOf(seed, USER, poster)
  put(page, FIELDS.ind)
  putInteger(page, post)
  put(page, FIELDS.firstName)
  putOneOf(page, user, firstNames)
  put(page, FIELDS.lastName)
  putOneOf(page, user, lastNames)
  put(page, FIELDS.age)
  putInteger(page, YOUNGEST + Math.floor(mostlyLow(user) * (OLDEST - YOUNGEST + 1)))
  put(page, FIELDS.dateJoined)
  putMoment(page, DAYS, mostlyLow(user))
  put(page, FIELDS.end)
  endRecord(page)
}

export function createGenerator(seed: number): RecordGenerator {
  return { usualBytes: 120, write: (page, post) => writeUser(page, seed, post, posterOf(seed, post)) }
}
