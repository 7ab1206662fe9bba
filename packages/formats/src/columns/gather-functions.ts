import type { Program } from '../transcode/work-memory.ts'
import { GATHER_MODULE } from './gather-module.ts'

/** A column's noted values: where its note of the first row is, and how far it is to that of the next. */
type Noted = readonly [notes: number, stride: number, rows: number]

interface GatherFunctions {
  /**
   * Writes the values one after another, and their lengths into a list; sets a bit for each row that has one. Writes at
   * `counts` how many have one, how many have bytes that are not ASCII, how many begin within a character, and the longest
   * one's length. Returns where the values end.
   */
  gather(...noted: [...Noted, to: number, bits: number, lengths: number, counts: number]): number
  /** Writes the differences of some numbers. */
  differences(numbers: number, count: number, more: number, width: number, to: number): void
  /**
   * Numbers the distinct values, each in two bytes, and lists their notes; sets a bit for each row that has a value. Writes
   * at `counts` how many there are. Returns how many distinct ones, or -1 where they are too many or too long.
   */
  distinct(
    ...noted: [
      ...Noted,
      most: number,
      longest: number,
      slots: number,
      mask: number,
      numbers: number,
      distinct: number,
      bits: number,
      counts: number,
    ]
  ): number
  /** Writes so many noted values, each behind its length in four bytes. Returns where they end. */
  values(notes: number, count: number, to: number): number
  /** Writes numbers of two bytes as numbers of one. */
  narrow(numbers: number, count: number, to: number): void
}

export const GATHER: Program<GatherFunctions> = { base64: GATHER_MODULE }
