import {
  between,
  chanceOf,
  daysBetween,
  endRecord,
  fraction,
  literal,
  type Page,
  put,
  putInteger,
  putMoment,
  putOneOf,
  putTenThousandths,
  quotable,
  type RecordGenerator,
} from '@millrace/ingest'
import { COUNTRIES } from '../../generator/countries.ts'
import { posterOf } from '../../generator/poster.ts'

const [GEO, PLACE] = [4, 5]

const FIELDS = {
  ind: literal('{"ind":'),
  timestamp: literal(',"timestamp":"'),
  latitude: literal('","latitude":'),
  longitude: literal(',"longitude":'),
  country: literal(',"country":"'),
  end: literal('"}'),
}

const DAYS = daysBetween('2017-10-19', '2022-10-19')

const countries = COUNTRIES.map(quotable)

/** The moment is the post's, the place is its poster's. */
function writeGeo(page: Page, seed: number, post: number, poster: number): void {
  const place = chanceOf(seed, PLACE, poster)
  put(page, FIELDS.ind)
  putInteger(page, post)
  put(page, FIELDS.timestamp)
  putMoment(page, DAYS, fraction(chanceOf(seed, GEO, post)))
  put(page, FIELDS.latitude)
  putTenThousandths(page, between(place, -900_000, 900_000))
  put(page, FIELDS.longitude)
  putTenThousandths(page, between(place, -1_800_000, 1_800_000))
  put(page, FIELDS.country)
  putOneOf(page, place, countries)
  put(page, FIELDS.end)
  endRecord(page)
}

export function createGenerator(seed: number): RecordGenerator {
  return { usualBytes: 120, write: (page, post) => writeGeo(page, seed, post, posterOf(seed, post)) }
}
