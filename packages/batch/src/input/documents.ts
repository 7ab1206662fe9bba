const [LINE_FEED, RETURN, TAB, SPACE] = [0x0a, 0x0d, 0x09, 0x20]
const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Returns whether a text holds JSON documents, each over many lines or a list of records, and not a record a line. It
 * shows at the beginning: where the first value goes on after its line, or is a list after whose line nothing comes.
 */
export function holdsDocuments(text: Uint8Array): boolean {
  const scan = { level: 0, inText: false, escaped: false }
  let first = 0
  for (let at = 0; at < text.length; at++) {
    const byte = text[at] as number
    if (first === 0 && isSpace(byte)) continue
    if (first === 0) {
      if (byte !== OPEN_OBJECT && byte !== OPEN_LIST) return false
      first = byte
    }
    if (byte === LINE_FEED) return !scan.inText
    if (isEndOfValue(scan, byte)) return first === OPEN_LIST && text.subarray(at + 1).every(isSpace)
  }
  return first === OPEN_LIST
}

interface Scan {
  level: number
  inText: boolean
  escaped: boolean
}

/** Moves on by a byte. Returns whether a list or an object ends with it that lies in no other. */
function isEndOfValue(scan: Scan, byte: number): boolean {
  if (scan.inText) {
    if (scan.escaped) scan.escaped = false
    else if (byte === BACKSLASH) scan.escaped = true
    else if (byte === QUOTE) scan.inText = false
    return false
  }
  if (byte === QUOTE) scan.inText = true
  else if (byte === OPEN_OBJECT || byte === OPEN_LIST) scan.level++
  else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) return --scan.level <= 0
  return false
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === LINE_FEED || byte === RETURN || byte === TAB
}

/** Returns the whole lines of what has come so far and was not returned, a record each; of the last piece all. */
export type TakeLines = (piece: Buffer, isLast: boolean) => Buffer

/**
 * Splits documents, one after another, into their records: an object is one, of a list each element. Within a record
 * nothing changes but line breaks between its parts. One in a text is no JSON, and its record is refused for it.
 */
export function documentLines(): { readonly take: TakeLines; readonly isComplete: () => boolean } {
  const scan: Scan = { level: 0, inText: false, escaped: false }
  let [inList, inRecord] = [false, false]
  let begun = Buffer.alloc(0)

  /** Returns what to write of the byte: nothing between records, a line feed where one has ended. */
  const written = (byte: number): number | undefined => {
    const isBetween = !scan.inText && scan.level === 0
    if (isBetween && (isSpace(byte) || (inList && (byte === COMMA || byte === CLOSE_LIST)))) {
      if (byte === CLOSE_LIST) inList = false
      return inRecord ? endRecord() : undefined
    }
    if (isBetween && !inRecord && !inList && byte === OPEN_LIST) {
      inList = true
      return undefined
    }
    inRecord = true
    if (scan.inText) {
      isEndOfValue(scan, byte)
      return byte === LINE_FEED ? RETURN : byte
    }
    if (isEndOfValue(scan, byte)) scan.level = 0
    return byte === LINE_FEED || byte === RETURN ? SPACE : byte
  }
  const endRecord = () => {
    inRecord = false
    return LINE_FEED
  }
  return {
    isComplete: () => !inList && !scan.inText && scan.level === 0,
    take(piece, isLast) {
      const out = Buffer.allocUnsafe(begun.length + piece.length)
      let used = begun.copy(out)
      let ended = 0
      for (const byte of piece) {
        const write = written(byte)
        if (write === undefined) continue
        out[used++] = write
        if (write === LINE_FEED) ended = used
      }
      begun = out.subarray(ended, used)
      return out.subarray(0, isLast ? used : ended)
    },
  }
}
