import { between, chanceOf, fraction } from './chance.ts'
import { COUNTRIES } from './countries.ts'
import { endRecord, type Page, put, putInteger, putTenThousandths } from './page.ts'
import { daysBetween, literal, putMoment, putOneOf, quotable } from './texts.ts'

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
export function writeGeo(page: Page, seed: number, post: number, poster: number): void {
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
