import { between, bits, type Chance, chanceOf, fraction } from '@millrace/ingest'

/** How many posts the emulator's tables hold: in random mode it draws from these, so posts repeat. */
const TABLE_POSTS = 11_000

/** Who wrote the posts of one such table: a few wrote many, most wrote one or two. */
const POSTERS = 2_750

/** Of 2,577 real posts, these have all sentinels at once: they have one poster in common. */
const ERRONEOUS = 20 / 2577

const POST = 1

/** The poster that the sentinels stand for, with a place and a user as any other has. */
export const NOBODY = -1

/** Whose post it is. */
export function posterOf(seed: number, post: number): number {
  const chance = chanceOf(seed, POST, post)
  if (fraction(chance) < ERRONEOUS) return NOBODY
  const share = fraction(chance)
  return Math.floor(post / TABLE_POSTS) * POSTERS + Math.floor(share * share * POSTERS)
}

/** Most are near 0: half below 0.15, a tenth over 0.75, as the ages and the days of joining of the real users are. */
export function mostlyLow(chance: Chance): number {
  const share = fraction(chance)
  return share * share * (0.23 + 0.77 * share)
}

const HUNDREDS = 970

/** As many of them below 10 as from 10 to 100 and above. */
const THOUSANDS = Int32Array.from({ length: 1024 }, (_, i) => 1000 ** ((i + 0.5) / 1024))

/** As real ones are spread: 1,913 in thousands, 444 plain, 200 in millions; a count, and what stands behind it. */
export function followersOf(chance: Chance): { readonly count: number; readonly unit: '' | 'k' | 'M' } {
  const kind = fraction(chance) * 2557
  if (kind < 1913) return { count: THOUSANDS[bits(chance) & 1023] as number, unit: 'k' }
  if (kind < 2357) return { count: between(chance, 0, HUNDREDS), unit: '' }
  return { count: 1 + Math.floor(mostlyLow(chance) * 15), unit: 'M' }
}
