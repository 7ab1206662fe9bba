/** Types of columns as the log numbers them. */
export const TYPE = {
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  timestamp: 7,
  longlong: 8,
  int24: 9,
  date: 10,
  year: 13,
  varchar: 15,
  bit: 16,
  timestamp2: 17,
  datetime2: 18,
  time2: 19,
  newDecimal: 246,
  enum: 247,
  set: 248,
  blob: 252,
  varString: 253,
  string: 254,
  geometry: 255,
} as const

/** How many bytes of a table's description say more of a column of this type. */
export function metadataBytes(type: number): number {
  switch (type) {
    case TYPE.float:
    case TYPE.double:
    case TYPE.blob:
    case TYPE.geometry:
    case TYPE.timestamp2:
    case TYPE.datetime2:
    case TYPE.time2:
    case 245:
    case 140:
      return 1
    case TYPE.varchar:
    case TYPE.bit:
    case TYPE.newDecimal:
    case TYPE.varString:
    case TYPE.string:
    case TYPE.enum:
    case TYPE.set:
    case 141:
      return 2
    default:
      return 0
  }
}

const NUMERIC: readonly number[] = [
  ...[TYPE.tiny, TYPE.short, TYPE.int24, TYPE.long, TYPE.longlong],
  ...[TYPE.newDecimal, TYPE.float, TYPE.double],
]
const TEXTUAL: readonly number[] = [TYPE.string, TYPE.varString, TYPE.varchar, TYPE.blob]

/** MariaDB counts years among the numbers, and geometries among the texts. */
export function isNumeric(type: number, isMariadb: boolean): boolean {
  return NUMERIC.includes(type) || (isMariadb && type === TYPE.year)
}

export function isTextual(type: number, isMariadb: boolean): boolean {
  return TEXTUAL.includes(type) || (isMariadb && type === TYPE.geometry)
}
