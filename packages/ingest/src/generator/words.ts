export const CATEGORIES = [
  'christmas',
  'art',
  'finance',
  'quotes',
  'tattoos',
  'travel',
  'education',
  'mens-fashion',
  'diy-and-crafts',
  'event-planning',
  'home-decor',
  'beauty',
  'vehicles',
] as const

export const FIRST_NAMES = [
  'Ada',
  'Bruno',
  'Chen',
  'Dalia',
  'Edvin',
  'Farah',
  'Goran',
  'Hana',
  'Ivo',
  'Jin',
  'Kofi',
  'Lena',
]
export const LAST_NAMES = [
  'Abara',
  'Berg',
  'Costa',
  'Dufour',
  'Eriksen',
  'Fofana',
  'Garcia',
  'Horvat',
  'Ito',
  'Jansen',
  'Kaya',
]

export const WORDS =
  `autumn baking balcony bathroom bedroom bright budget cabin calm candle canvas ceramic classic cosy cottage
  craft curtain daily design diary easy evening fabric family festive floral forest frame garden gift gold green guide handmade
  harvest hidden home idea island kitchen knitted lamp layered linen little loft market minimal modern morning mountain natural
  neutral nordic ocean outfit paint paper party pattern picnic plan poster quick quiet recipe retro road rustic savings shelf
  simple sketch small soft spring stone street studio summer sunset table tattoo travel vintage wall warm weekend winter wooden`.split(
    /\s+/,
  )

/** Every region that the Unicode data names in English. */
export const COUNTRIES = regionNames()

function regionNames(): string[] {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
  const codes = letters.flatMap((first) => letters.map((second) => first + second))
  const found = codes.map((code) => names.of(code)).filter((name) => name !== undefined)
  return [...new Set(found)].filter((name) => !name.startsWith('Unknown') && !name.startsWith('Pseudo'))
}
