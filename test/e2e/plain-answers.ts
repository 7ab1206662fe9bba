/** Posts as the emulator's tables have them. */
export interface RawPosts {
  readonly pins: readonly { index: number; poster_name: string; follower_count: string; category: string }[]
  readonly geos: readonly { ind: number; timestamp: string; country: string }[]
  readonly users: readonly { ind: number; first_name: string; last_name: string; age: number; date_joined: string }[]
}

interface Post {
  readonly category: string
  readonly poster: string | null
  readonly followers: number | null
  readonly country: string
  readonly year: number
  readonly joined: number
  readonly group: string
}

type Row = Readonly<Record<string, unknown>>

/** What the questions' answers have to be, worked out post by post, without SQL. */
export function plainAnswers({ pins, geos, users }: RawPosts): Readonly<Record<string, readonly Row[]>> {
  const [geoOf, userOf] = [new Map(geos.map((geo) => [geo.ind, geo])), new Map(users.map((user) => [user.ind, user]))]
  const posts = pins.map((pin): Post => {
    const [geo, user] = [geoOf.get(pin.index), userOf.get(pin.index)]
    if (!geo || !user) throw new Error(`post ${pin.index} is not in every table`)
    return {
      category: pin.category,
      poster: pin.poster_name === 'User Info Error' ? null : pin.poster_name,
      followers: followersOf(pin.follower_count),
      country: geo.country,
      year: yearOf(geo.timestamp),
      joined: yearOf(user.date_joined),
      group: groupOf(user.age),
    }
  })
  const inYears = posts.filter(({ year }) => year >= 2018 && year <= 2022)
  const joinedInTime = posts.filter(({ joined }) => joined >= 2015 && joined <= 2020)
  const best = mostFollowed(posts)
  const most = Math.max(...best.map(({ follower_count }) => follower_count))
  return {
    q1: mostPopular(posts, ({ country }) => ({ country })),
    q2: mostPopular(inYears, ({ year }) => ({ post_year: year })),
    q2_all: counts(inYears, ({ year, category }) => ({ post_year: year, category })),
    q3a: best,
    q3b: distinct(
      best
        .filter(({ follower_count }) => follower_count === most)
        .map(({ country }) => ({ country, follower_count: most })),
    ),
    q4: mostPopular(posts, ({ group }) => ({ age_group: group })),
    q5: medians(posts, ({ group }) => ({ age_group: group })),
    q6: joinedEachYear(users),
    q7: medians(joinedInTime, ({ joined }) => ({ post_year: joined })),
    q8: medians(joinedInTime, ({ joined, group }) => ({ age_group: group, post_year: joined })),
  }
}

const yearOf = (moment: string) => Number(moment.slice(0, 4))

function followersOf(text: string): number | null {
  const [, digits, unit] = /^(\d+)([kM]?)$/.exec(text) ?? []
  return digits === undefined ? null : Number(digits) * (unit === 'k' ? 1_000 : unit === 'M' ? 1_000_000 : 1)
}

function groupOf(age: number): string {
  if (age <= 24) return '18-24'
  if (age <= 35) return '25-35'
  return age <= 50 ? '36-50' : '50+'
}

function grouped<T, K extends Row>(items: readonly T[], keyOf: (item: T) => K): (readonly [K, readonly T[]])[] {
  const groups = new Map<string, readonly [K, T[]]>()
  for (const item of items) {
    const key = keyOf(item)
    const text = JSON.stringify(key)
    const group = groups.get(text) ?? ([key, []] as const)
    groups.set(text, group)
    group[1].push(item)
  }
  return [...groups.values()]
}

function distinct<T extends Row>(rows: readonly T[]): T[] {
  return grouped(rows, (row) => row).map(([row]) => row)
}

function counts<K extends Row>(posts: readonly Post[], keyOf: (post: Post) => K) {
  return grouped(posts, keyOf).map(([key, group]) => ({ ...key, category_count: group.length }))
}

/** With everyone that is tied. */
function mostPopular(posts: readonly Post[], keyOf: (post: Post) => Row) {
  return grouped(posts, keyOf).flatMap(([key, group]) => {
    const counted = counts(group, ({ category }) => ({ ...key, category }))
    const most = Math.max(...counted.map(({ category_count }) => category_count))
    return counted.filter(({ category_count }) => category_count === most)
  })
}

function mostFollowed(posts: readonly Post[]) {
  const known = posts.flatMap(({ country, poster, followers }) =>
    poster === null || followers === null ? [] : [{ country, poster_name: poster, follower_count: followers }],
  )
  return grouped(known, ({ country }) => ({ country })).flatMap(([, group]) => {
    const most = Math.max(...group.map(({ follower_count }) => follower_count))
    return distinct(group.filter(({ follower_count }) => follower_count === most))
  })
}

function medians(posts: readonly Post[], keyOf: (post: Post) => Row) {
  const known = posts.filter(({ followers }) => followers !== null)
  return grouped(known, keyOf).map(([key, group]) => {
    const sorted = group.map(({ followers }) => Number(followers)).sort((a, b) => a - b)
    const [below, above] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
    return { ...key, median_follower_count: (Number(below) + Number(above)) / 2 }
  })
}

function joinedEachYear(users: RawPosts['users']) {
  const persons = distinct(
    users.map(({ first_name, last_name, age, date_joined }) => ({
      name: `${first_name} ${last_name}`,
      age,
      date_joined,
    })),
  )
  return grouped(persons, ({ date_joined }) => ({ post_year: yearOf(date_joined) }))
    .filter(([{ post_year }]) => post_year >= 2015 && post_year <= 2020)
    .map(([key, group]) => ({ ...key, number_users_joined: group.length }))
}
