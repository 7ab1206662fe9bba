import { type Server, textOf, unsuited } from '../server/server.ts'
import type { Decode } from './values.ts'

/** Names of character sets that the decoder knows by another name. */
const DECODERS: Readonly<Record<string, string>> = {
  utf8: 'utf-8',
  utf8mb3: 'utf-8',
  utf8mb4: 'utf-8',
  ascii: 'utf-8',
  latin1: 'windows-1252',
  latin2: 'iso-8859-2',
  latin5: 'windows-1254',
  latin7: 'iso-8859-13',
  greek: 'iso-8859-7',
  hebrew: 'iso-8859-8',
  cp1250: 'windows-1250',
  cp1251: 'windows-1251',
  cp1256: 'windows-1256',
  cp1257: 'windows-1257',
  cp866: 'ibm866',
  koi8r: 'koi8-r',
  koi8u: 'koi8-u',
  macroman: 'macintosh',
  ucs2: 'utf-16be',
  utf16: 'utf-16be',
  utf16le: 'utf-16le',
  gbk: 'gbk',
  gb2312: 'gbk',
  gb18030: 'gb18030',
  big5: 'big5',
  sjis: 'shift_jis',
  cp932: 'shift_jis',
  ujis: 'euc-jp',
  eucjpms: 'euc-jp',
  euckr: 'euc-kr',
}

/** What the log's bytes and names mean on a server. */
export interface Reading {
  readonly decode: Decode
  /** Returns a name of a database or table as it is compared there. */
  folded(name: string): string
}

export async function openReading(server: Server): Promise<Reading> {
  const [[setting] = []] = await server.rows('SELECT @@lower_case_table_names')
  const isFolded = textOf(setting) !== '0'
  return { decode: await openDecoder(server), folded: (name) => (isFolded ? name.toLowerCase() : name) }
}

/** Returns what makes texts of the log's bytes: each column has the character set that it was made with. */
async function openDecoder(server: Server): Promise<Decode> {
  const rows = await server.rows('SHOW COLLATION')
  const charsets = new Map(rows.map(([, charset, id]) => [Number(textOf(id)), textOf(charset)]))
  const decoders = new Map<number, TextDecoder | 'utf-8'>()
  const decoderOf = (collation: number) => {
    const charset = charsets.get(collation) ?? ''
    const name = DECODERS[charset]
    if (name === undefined) {
      throw unsuited(
        `a column has the character set ${charset || collation}, which can't be read`,
        'Convert the column to utf8mb4.',
      )
    }
    const decoder = name === 'utf-8' ? name : new TextDecoder(name)
    decoders.set(collation, decoder)
    return decoder
  }
  return (bytes, collation) => {
    const decoder = decoders.get(collation) ?? decoderOf(collation)
    return decoder === 'utf-8' ? bytes.toString() : decoder.decode(bytes)
  }
}
