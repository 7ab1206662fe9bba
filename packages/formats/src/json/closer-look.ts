import { eachTraits, type JoinedValues, type ValueTraits } from '@millrace/base'

/** A longer value is read by itself: a reader of JSON may need fifty times as much memory. */
export const LONGEST_JOINED_VALUE = 1 << 20

const OPENING_BRACE = 0x7b

/**
 * Returns which values need a closer look: those that, joined to others by newlines, are not sure to be read back as
 * the one record that they are. This is the only place that decides it. For a block of usual messages the traits
 * answer, and no value is looked at.
 */
export function thatNeedCloserLook(values: JoinedValues): number[] {
  if (!needCloserLook(values.traits)) return []
  const found: number[] = []
  let index = 0
  for (const traits of eachTraits(values)) {
    if (needCloserLook(traits)) found.push(index)
    index++
  }
  return found
}

/** Returns whether any value may be a list: for a block of usual messages the traits say no. */
export function mayHoldLists({ first }: ValueTraits): boolean {
  return first !== OPENING_BRACE
}

function needCloserLook({ nulls, lineBreaks, longest, first }: ValueTraits): boolean {
  return nulls || lineBreaks || first !== OPENING_BRACE || longest > LONGEST_JOINED_VALUE
}
