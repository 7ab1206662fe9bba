/**
 * No batch is unpacked to more bytes at once, and no record may have more: a broker's limit is on packed bytes, of
 * which a few can unpack to anything. A larger batch is read piece by piece.
 */
export const LARGEST_UNPACKED = 32 << 20

/** Records in one block: each costs memory beside its bytes, of which it may have none. */
export const MOST_RECORDS = 100_000
